#!/bin/sh
# PixelMed's DicomSRValidator, the one that IHE's Connectathon uses, over SR documents. Needs java and apt; installs nothing.
#
#   tests/oracles/sr/pixelmed-validate.sh FILE...
#
# Debian 12 has the release of June 2022. Its only error is the code of Procedure reported, which is not in its CID 100 (later
# releases warn). It counts Image Regions over all groups of a document: see tid-1501-measurement-group.ts. "Content Item not in
# template" is a warning, about what extensible templates leave to the writer.
set -eu
folder="${TMPDIR:-/tmp}/chest-ai-pixelmed"
mkdir -p "$folder" 
if [ ! -d "$folder/usr" ]; then
  (cd "$folder" && apt-get download -q libpixelmed-java libcommons-codec-java libjsonp-java libslf4j-java libvecmath-java libjaxb-api-java libxalan2-java >&2 && for package in *.deb; do dpkg -x "$package" .; done)
fi
java="$folder/usr/share/java"
path="$java/pixelmed.jar:$java/commons-codec.jar:$java/javax.json.jar:$java/slf4j-api.jar:$java/slf4j-nop.jar:$java/vecmath.jar:$java/jaxb-api.jar:$java/xalan2.jar:$java/serializer.jar"
status=0
for file in "$@"; do
  echo "== $file"
  java -cp "$path" com.pixelmed.validate.DicomSRValidator "$file" 2>&1 | tee "$folder/last" | grep -E '^(Error|Found|IOD)' || true
  if grep -q '^Error' "$folder/last"; then status=1; fi
done
exit $status
