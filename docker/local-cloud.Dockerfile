# The local cloud: emulator, simulated sources and dashboard, as `npm start` has them. compose.yaml starts it beside its
# database.
FROM node:24-bookworm
RUN apt-get update \
  && apt-get install --no-install-recommends --yes python3=3.11.* python3-venv=3.11.* \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /quotron
RUN chown node:node /quotron
# node
USER 1000
COPY --chown=node:node package.json package-lock.json ./
COPY --chown=node:node localstack/run.mjs localstack/run.mjs
RUN npm ci && npm cache clean --force
COPY --chown=node:node . .
VOLUME /quotron/.quotron
CMD ["npm", "start"]
