# The functions as container images, a build target for each: the same bundles that `cdk deploy` uploads, on AWS's own base
# image. Build from the checkout:
#
#   docker build --file docker/functions.Dockerfile --target ingest --platform linux/arm64 --tag quotron-ingest .
FROM node:24-bookworm-slim AS bundles
WORKDIR /quotron
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY lib lib
COPY core core
COPY functions functions
RUN node --input-type=module --eval "import { functionNames } from './core/contracts/functions.ts'; import { bundleFunction } from './lib/bundle-function.ts'; for (const name of functionNames) bundleFunction(name, '/bundles/' + name);"

FROM public.ecr.aws/lambda/nodejs:24 AS base
CMD ["index.handler"]

FROM base AS schedule
COPY --from=bundles /bundles/schedule ${LAMBDA_TASK_ROOT}/

FROM base AS scrape-api
COPY --from=bundles /bundles/scrape-api ${LAMBDA_TASK_ROOT}/

FROM base AS ingest
COPY --from=bundles /bundles/ingest ${LAMBDA_TASK_ROOT}/

FROM base AS monitor
COPY --from=bundles /bundles/monitor ${LAMBDA_TASK_ROOT}/

FROM base AS recover
COPY --from=bundles /bundles/recover ${LAMBDA_TASK_ROOT}/

FROM base AS state
COPY --from=bundles /bundles/state ${LAMBDA_TASK_ROOT}/

FROM base AS migrate
COPY --from=bundles /bundles/migrate ${LAMBDA_TASK_ROOT}/

FROM base AS prepare-database
COPY --from=bundles /bundles/prepare-database ${LAMBDA_TASK_ROOT}/

FROM base AS maintain
COPY --from=bundles /bundles/maintain ${LAMBDA_TASK_ROOT}/

FROM base AS set-credentials
COPY --from=bundles /bundles/set-credentials ${LAMBDA_TASK_ROOT}/

FROM base AS api
COPY --from=bundles /bundles/api ${LAMBDA_TASK_ROOT}/

FROM base AS stream-events
COPY --from=bundles /bundles/stream-events ${LAMBDA_TASK_ROOT}/

FROM base AS yahoo-proxy
COPY --from=bundles /bundles/yahoo-proxy ${LAMBDA_TASK_ROOT}/

FROM base AS summarise
COPY --from=bundles /bundles/summarise ${LAMBDA_TASK_ROOT}/

FROM base AS write-exports
COPY --from=bundles /bundles/write-exports ${LAMBDA_TASK_ROOT}/

FROM base AS relay-events
COPY --from=bundles /bundles/relay-events ${LAMBDA_TASK_ROOT}/

FROM base AS relay-to-kafka
COPY --from=bundles /bundles/relay-to-kafka ${LAMBDA_TASK_ROOT}/

FROM base AS make-topics
COPY --from=bundles /bundles/make-topics ${LAMBDA_TASK_ROOT}/

FROM base AS evaluate-alerts
COPY --from=bundles /bundles/evaluate-alerts ${LAMBDA_TASK_ROOT}/

FROM base AS deliver-alerts
COPY --from=bundles /bundles/deliver-alerts ${LAMBDA_TASK_ROOT}/

# Chromium is in the bundle, with the libraries that it needs on Amazon Linux 2023, and for x86_64 only: build this one with
# --platform linux/amd64.
FROM base AS scrape-browser
COPY --from=bundles /bundles/scrape-browser ${LAMBDA_TASK_ROOT}/
# Says on which Linux it is where Lambda itself does not.
ENV AWS_LAMBDA_JS_RUNTIME=nodejs24.x

FROM base AS notify
COPY --from=bundles /bundles/notify ${LAMBDA_TASK_ROOT}/

FROM base AS canary
COPY --from=bundles /bundles/canary ${LAMBDA_TASK_ROOT}/
