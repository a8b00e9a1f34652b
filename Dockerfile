# syntax=docker/dockerfile:1.7
# The images of the services: `docker build --target auth --tag portcullis-auth .`, and user and admin likewise.
#
# What goes into them is in `infra/image/contents.mjs`, and infra/test/image/dockerfile.test.ts holds this file to it.
# Node and its libraries are taken from the image below, and nothing else of it: what runs has no shell and no package
# manager. Where images are released, add to the tag the digest that your registry gives for it
# (`docker buildx imagetools inspect`), or another image may be built of the same commit later.
FROM node:24.22.3-bookworm-slim AS build
WORKDIR /build
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml ./
COPY infra/patches infra/patches
RUN npx --yes pnpm@12.21.0 fetch --prod
COPY . .
RUN npx --yes pnpm@12.21.0 install --offline --frozen-lockfile --prod --filter './apps/*...' --filter '@portcullis/infra...'
RUN node infra/image/build.mjs /images

FROM scratch AS runtime
COPY --from=build /images/runtime/ /
ENV NODE_ENV=production HOST=0.0.0.0 NODE_OPTIONS=--max-semi-space-size=32
USER 65532:65532
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/node"]
CMD ["dist/main.js"]

FROM runtime AS auth
COPY --from=build /images/auth/ /
WORKDIR /portcullis/apps/auth
ENV PORT=4000
EXPOSE 4000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 CMD ["/usr/local/bin/node", "/portcullis/health.mjs"]

FROM runtime AS user
COPY --from=build /images/user/ /
WORKDIR /portcullis/apps/user
ENV PORT=4001
EXPOSE 4001
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 CMD ["/usr/local/bin/node", "/portcullis/health.mjs"]

FROM runtime AS admin
COPY --from=build /images/admin/ /
WORKDIR /portcullis/apps/admin
ENV PORT=4002
EXPOSE 4002
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 CMD ["/usr/local/bin/node", "/portcullis/health.mjs"]
