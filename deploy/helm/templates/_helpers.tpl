{{- define "chest-ai.name" -}}
{{- if contains "chest-ai" .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-chest-ai" (.Release.Name | trunc 40 | trimSuffix "-") }}{{ end }}
{{- end }}

{{- define "chest-ai.selector" -}}
app.kubernetes.io/name: chest-ai
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "chest-ai.labels" -}}
{{ include "chest-ai.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/* That of the role, if it has one of its own (a GPU). */}}
{{- define "chest-ai.image" -}}
{{- $image := merge (dict) (.settings.image | default dict) .root.Values.image -}}
{{- if $image.digest }}{{ $image.repository }}@{{ $image.digest }}{{ else }}{{ $image.repository }}:{{ $image.tag | default .root.Chart.AppVersion }}{{ end }}
{{- end }}

{{/* The files of the configuration: settings, and the routing rules if they are given. */}}
{{- define "chest-ai.files" -}}
config.yaml: |
  {{- toYaml .Values.config | nindent 2 }}
{{- if .Values.routing }}
routing.yaml: |
  {{- .Values.routing | nindent 2 }}
{{- end }}
{{- end }}

{{- define "chest-ai.env" -}}
{{- $secrets := "/run/secrets/chest-ai" -}}
- { name: CONFIG_FILE, value: /etc/chest-ai/config.yaml }
- { name: ROLES, value: {{ .role }} }
- { name: PORT, value: "8787" }
# The service makes this folder, for itself alone; the one above it belongs to the volume.
- { name: DATA_DIR, value: /var/lib/chest-ai/data }
- { name: ORTHANC_URL, value: {{ .Values.orthanc.url | quote }} }
{{- with .Values.orthanc.username }}
- { name: ORTHANC_USERNAME, value: {{ . | quote }} }
{{- end }}
{{- if .Values.orthanc.caConfigMap }}
- { name: ORTHANC_CA_FILE, value: /etc/orthanc-ca/ca.crt }
{{- end }}
{{- with .Values.secrets.keys }}
{{- if .orthancPassword }}
- { name: ORTHANC_PASSWORD_FILE, value: {{ $secrets }}/{{ .orthancPassword }} }
{{- end }}
- { name: DATABASE_URL_FILE, value: {{ $secrets }}/{{ .databaseUrl }} }
{{- if .hintToken }}
- { name: HINT_TOKEN_FILE, value: {{ $secrets }}/{{ .hintToken }} }
{{- end }}
{{- if .metricsToken }}
- { name: METRICS_TOKEN_FILE, value: {{ $secrets }}/{{ .metricsToken }} }
{{- end }}
{{- if .oidcClientSecret }}
- { name: OIDC_CLIENT_SECRET_FILE, value: {{ $secrets }}/{{ .oidcClientSecret }} }
{{- end }}
{{- end }}
{{- with .Values.publicUrl }}
- { name: PUBLIC_URL, value: {{ . | quote }} }
{{- end }}
{{- with .Values.trustedProxies }}
- { name: TRUSTED_PROXIES, value: {{ join "," . | quote }} }
{{- end }}
{{- with .Values.timeZone }}
- { name: TIME_ZONE, value: {{ . | quote }} }
{{- end }}
- { name: RESULT_LABELS, value: {{ .Values.resultLabels | quote }} }
{{- if .Values.routing }}
- { name: ROUTING_FILE, value: /etc/chest-ai/routing.yaml }
{{- end }}
- { name: LOG_LEVEL, value: {{ .Values.logLevel }} }
- { name: LOG_FORMAT, value: json }
{{- range $name, $value := .Values.env }}
- { name: {{ $name }}, value: {{ $value | quote }} }
{{- end }}
{{- end }}
