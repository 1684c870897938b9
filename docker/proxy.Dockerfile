# The Yahoo proxy by itself (docs/proxy.md). Build from the checkout:
#
#   docker build --file docker/proxy.Dockerfile --tag quotron-proxy .
#   docker run --publish 127.0.0.1:5000:5000 --env QUOTRON_PROXY_KEY=… quotron-proxy
FROM node:24-bookworm-slim
WORKDIR /quotron
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force
COPY core core
COPY functions functions
COPY cli cli
# node
USER 1000
EXPOSE 5000
HEALTHCHECK --interval=30s --timeout=5s CMD ["node", "--eval", "fetch('http://127.0.0.1:5000/yahoo/health', { headers: { 'x-api-key': process.env.QUOTRON_PROXY_KEY ?? '' } }).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "cli/quotron.ts", "proxy", "--host", "0.0.0.0", "--port", "5000"]
