# Every service's image: docker build --build-arg SERVICE=kyo-otp-service .
# It holds the sources of the service and of the packages it uses as they are in the repository, which Node 24 runs without
# a build, so that what was tested is what ships.
ARG NODE_IMAGE=docker.io/library/node:24-bookworm-slim@sha256:a9f5f7c91a432850b2a8a7797adf5eadb6c733ceed61167806cee7ea7fbc29df

FROM ${NODE_IMAGE} AS packages
ARG SERVICE
WORKDIR /workspace
COPY . .
# Without what is optional: that is PostgreSQL itself, which only a laptop needs.
RUN --mount=type=cache,target=/packages \
  pnpm="pnpm@$(node --print 'require("./package.json").toolchain.pnpm')" \
  && npx --yes "$pnpm" --filter-prod "$SERVICE..." install --prod --no-optional --frozen-lockfile \
    --store-dir /packages --package-import-method copy \
  && node scripts/prune-workspace.ts "$SERVICE" /app

FROM ${NODE_IMAGE}
ARG SERVICE
ARG REVISION=unknown
LABEL org.opencontainers.image.title=${SERVICE} \
  org.opencontainers.image.revision=${REVISION}
ENV NODE_ENV=production
# Changes seldom, so it comes first: a new version of a service moves a layer of less than a megabyte.
COPY --from=packages /app/node_modules /app/node_modules
COPY --from=packages /app/sources /app
WORKDIR /app/apps/${SERVICE}
# Of a young generation of this many MiB, half of V8's own, less is collected at a time and more of it is in the processor's
# cache: shorter pauses and less work. A task has one core at most, for which V8's own four threads would compete with
# whoever is served whenever they mark what is garbage; one does (docs/benchmarks.md).
ENV NODE_OPTIONS="--max-semi-space-size=8 --v8-pool-size=1"
# Compiled once, and not at every start, by the user whose cache it is. Without an environment the program says what it lacks
# and ends: by then all of it is loaded.
ENV NODE_COMPILE_CACHE=/app/compiled
RUN install --directory --owner=node "$NODE_COMPILE_CACHE"
USER node
RUN node src/main.ts > /dev/null 2>&1; test -n "$(ls "$NODE_COMPILE_CACHE")"
# ECS mounts a volume here, since the root cannot be written to. Declared, it has the folder's own rights, those of everybody;
# else it would belong to root alone (ECS Developer Guide, "Use bind mounts").
VOLUME ["/tmp"]
EXPOSE 3000
# For `docker run`; ECS asks by the health check of its own task definition.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "--eval", "fetch('http://127.0.0.1:3000/health').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "src/main.ts"]
