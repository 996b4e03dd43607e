# syntax=docker/dockerfile:1

# One place for the base, by digest, for a tag can be moved. Debian rather than Alpine: the official builds of Node are for
# glibc.
ARG NODE_IMAGE=node:24.21.0-bookworm-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6

# Both stages that run something do so on the builder's own platform: what they make is JavaScript, the same for all.
FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=cache,target=/root/.npm npm ci
COPY tsconfig.json tsconfig.build.json tsconfig.client.json ./
COPY scripts/build.ts scripts/build-console.ts scripts/
COPY src src
RUN npm run build && mkdir data

FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --ignore-scripts
# A third of the install is for compilers and debuggers alone.
RUN find node_modules -type f \( -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.map' \) -delete

FROM ${NODE_IMAGE}
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Rollcast" \
      org.opencontainers.image.description="Live roll call for every classroom at once: Socket.IO check-in, staff marks, durable attendance" \
      org.opencontainers.image.source="https://github.com/rollcast/rollcast" \
      org.opencontainers.image.documentation="https://github.com/rollcast/rollcast/blob/main/docs/operations.md" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production \
    DATA_DIR=/data
WORKDIR /app
# No RUN from here on, so another platform needs no emulator. Owned by root, and so not the service's to change.
COPY package.json LICENSE ./
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
# The one place that the service writes to, and only when it runs embedded, without Redis and MongoDB.
COPY --from=build --chown=1000:1000 /app/data /data
VOLUME /data
# By number, so that Kubernetes can tell that it is not root.
USER 1000:1000
EXPOSE 4002
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --start-interval=1s --retries=3 CMD ["node", "dist/healthcheck.js"]
# Process 1 itself, without a shell or an init: it handles SIGTERM and SIGINT from the start, and starts no processes that
# it would have to reap.
CMD ["node", "dist/main.js"]
