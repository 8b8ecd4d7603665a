# One image for every host: Cloudflare Containers, docker run, Compose, Fly, Kubernetes. Any Debian with
# Node 24 and npm will do as BASE; CI, which has no registry, makes one with debootstrap.
ARG BASE=node:24-bookworm-slim

FROM ${BASE} AS modules
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && rm -rf /root/.npm

FROM ${BASE}
# tini passes SIGTERM on to the server, which drains by itself, and reaps what Claude Code leaves behind.
RUN apt-get update \
    && apt-get install -y --no-install-recommends tini ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -m 0700 -o 10001 -g 10001 /state
WORKDIR /app
COPY --from=modules /app/node_modules ./node_modules
COPY package.json LICENSE* ./
COPY src ./src
# /state holds what Claude Code keeps: a volume where it should survive, a tmpfs where the root is read-only. The server
# uses a directory inside: it makes its own private, and a volume's root may belong to root (Kubernetes with fsGroup).
# `docker stop` kills after 10 s; the server needs up to 3 of them to end its processes after the answers. Where a
# manifest allows a longer stop, it sets a longer drain.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080 STATE_DIR=/state/server HOME=/state DRAIN_TIMEOUT_MS=7000
USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/ready`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["/usr/bin/tini", "--"]
CMD ["node", "src/cli/main.mjs", "start"]
