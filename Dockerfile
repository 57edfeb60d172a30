# syntax=docker/dockerfile:1
# docker build .                    → CPU image
# docker build --target demo .      → the CPU image with an Orthanc, for a demonstration without anything else
# docker build --target gpu .       → image with onnxruntime's CUDA 12 provider and TensorFlow.js on CUDA 12 (NVIDIA driver and container toolkit on the host)

# Node 22 builds, and runs the GPU image: TensorFlow.js on CUDA does not load in later ones. The CPU image runs on Node 24.
# Images are named by version. To pin them by digest where a registry is reached, give both as arguments:
#   docker build --build-arg NODE22_IMAGE=node@sha256:… --build-arg NODE24_IMAGE=node@sha256:… .
ARG NODE22_IMAGE=node:22-bookworm-slim
ARG NODE24_IMAGE=node:24-bookworm-slim
ARG CUDA_IMAGE=nvidia/cuda:12.6.3-cudnn-runtime-ubuntu24.04

FROM ${NODE22_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
ENV ONNXRUNTIME_NODE_INSTALL=skip
RUN npm ci --no-audit --no-fund
COPY tsconfig.json vite.config.mjs bootstrap.mjs ./
COPY src src
COPY tests tests
COPY scripts scripts
RUN npx tsc -p . && npx vite build && npm prune --omit=dev --no-audit --no-fund

# OHIF as its makers publish it; the service serves it under /viewer.
FROM build AS viewer
COPY package.json ./
COPY config config
RUN node dist/src/cli.js viewer fetch && mv /root/.cache/orthanc-chest-ai/ohif-app-* /viewer

FROM ${NODE24_IMAGE} AS runtime
ENV NODE_ENV=production DATA_DIR=/var/lib/chest-ai HOST=0.0.0.0 LOG_FORMAT=json VIEWER_DIR=/app/viewer
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist/src dist/src
COPY --from=build /app/dist/web dist/web
COPY --from=viewer /viewer viewer
COPY package.json bootstrap.mjs LICENSE ./
COPY codecs codecs
COPY config config
COPY models models
COPY orthanc orthanc
COPY radiographs radiographs
COPY docs/guide docs/guide
COPY docs/reference docs/reference
# By number: what runs the image can see that it is not root, and secrets and volumes are given to this account.
RUN mkdir -p /var/lib/chest-ai && chown 1000:1000 /var/lib/chest-ai
USER 1000:1000
VOLUME /var/lib/chest-ai
EXPOSE 8787
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT || 8787) + '/health').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "bootstrap.mjs", "serve"]

# With an Orthanc of its own: docker build --target demo -t chest-ai-demo . && docker run --rm chest-ai-demo npm run demo -- --once
FROM runtime AS demo
USER 0:0
RUN apt-get update && apt-get install -y --no-install-recommends orthanc orthanc-dicomweb && rm -rf /var/lib/apt/lists/*
USER 1000:1000
CMD ["node", "bootstrap.mjs", "demo"]

# TensorFlow.js on CUDA 12.2: the addon is compiled, TensorFlow and NVIDIA's libraries come from PyPI (about 2 GB).
FROM build AS tensorflow
RUN apt-get update && apt-get install -y --no-install-recommends g++ make python3 python3-pip && rm -rf /var/lib/apt/lists/*
ENV XDG_CACHE_HOME=/opt
RUN scripts/build-tfjs-node.sh gpu

# The CUDA provider is fetched by onnxruntime-node's own install step; the libraries it links come with the base image.
FROM build AS cuda-provider
ENV ONNXRUNTIME_NODE_INSTALL=cuda12
RUN node node_modules/onnxruntime-node/script/install.js

FROM ${CUDA_IMAGE} AS gpu
COPY --from=build /usr/local/bin/node /usr/local/bin/node
ENV NODE_ENV=production DATA_DIR=/var/lib/chest-ai HOST=0.0.0.0 LOG_FORMAT=json VIEWER_DIR=/app/viewer
WORKDIR /app
COPY --from=runtime /app .
COPY --from=tensorflow /opt/chest-ai /opt/chest-ai
COPY --from=tensorflow /app/node_modules node_modules
COPY --from=cuda-provider /app/node_modules/onnxruntime-node node_modules/onnxruntime-node
# The account of the CPU image (Ubuntu's own account has that number): both read the same secrets and the same volume.
RUN mkdir -p /var/lib/chest-ai && chown 1000:1000 /var/lib/chest-ai
USER 1000:1000
VOLUME /var/lib/chest-ai
EXPOSE 8787
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT || 8787) + '/health').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "bootstrap.mjs", "serve"]

FROM runtime
