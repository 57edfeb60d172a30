# syntax=docker/dockerfile:1
# docker build .                    → CPU image
# docker build --target gpu .       → image with onnxruntime's CUDA 12 provider and TensorFlow.js on CUDA 12 (NVIDIA driver and container toolkit on the host)

FROM node:22-bookworm-slim AS build
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

FROM node:22-bookworm-slim AS runtime
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
RUN mkdir -p /var/lib/chest-ai && chown node:node /var/lib/chest-ai
USER node
VOLUME /var/lib/chest-ai
EXPOSE 8787
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT || 8787) + '/health').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "bootstrap.mjs", "serve"]

# TensorFlow.js on CUDA 12.2: the addon is compiled, TensorFlow and NVIDIA's libraries come from PyPI (about 2 GB).
FROM build AS tensorflow
RUN apt-get update && apt-get install -y --no-install-recommends g++ make python3 python3-pip && rm -rf /var/lib/apt/lists/*
ENV XDG_CACHE_HOME=/opt
RUN scripts/build-tfjs-node.sh gpu

# The CUDA provider is fetched by onnxruntime-node's own install step; the libraries it links come with the base image.
FROM build AS cuda-provider
ENV ONNXRUNTIME_NODE_INSTALL=cuda12
RUN node node_modules/onnxruntime-node/script/install.js

FROM nvidia/cuda:12.6.3-cudnn-runtime-ubuntu24.04 AS gpu
COPY --from=runtime /usr/local/bin/node /usr/local/bin/node
ENV NODE_ENV=production DATA_DIR=/var/lib/chest-ai HOST=0.0.0.0 LOG_FORMAT=json VIEWER_DIR=/app/viewer
WORKDIR /app
COPY --from=runtime /app .
COPY --from=tensorflow /opt/chest-ai /opt/chest-ai
COPY --from=tensorflow /app/node_modules node_modules
COPY --from=cuda-provider /app/node_modules/onnxruntime-node node_modules/onnxruntime-node
RUN useradd --system --create-home chest-ai && mkdir -p /var/lib/chest-ai && chown chest-ai /var/lib/chest-ai
USER chest-ai
VOLUME /var/lib/chest-ai
EXPOSE 8787
CMD ["node", "bootstrap.mjs", "serve"]

FROM runtime
