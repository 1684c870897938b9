#!/usr/bin/env bash
# Genuine LocalStack 4.13.1 (community, Apache-2.0) without Docker, on 127.0.0.1:${PORT:-4570}, until it is interrupted.
#   start.sh [STATE_DIR]     STATE_DIR holds the virtual environment (0.5 GB, 40 s once) and what LocalStack writes;
#                            default: ${XDG_CACHE_HOME:-$HOME/.cache}/localstack-host
# NODE_MODULES=/path/to/node_modules gives CDK's own custom resources their AWS SDK; the `node` on PATH runs Lambdas.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
state=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/localstack-host}
port=${PORT:-4570}
mkdir -p "$state/home"
if [ ! -e "$state/installed" ]; then
  python3.11 -m venv "$state/venv"
  "$state/venv/bin/pip" install -q --no-deps --require-hashes -r "$here/requirements.txt"
  cp -r "$here/plugin" "$state/plugin"
  "$state/venv/bin/pip" install -q --no-deps "$state/plugin"
  touch "$state/installed"
fi
cd "$state"
export FILESYSTEM_ROOT=$state/fs HOME=$state/home
export GATEWAY_LISTEN=127.0.0.1:$port LOCALSTACK_HOST=127.0.0.1:$port
export DISABLE_EVENTS=1 SKIP_SSL_CERT_DOWNLOAD=1 DNS_ADDRESS=0 API_ENDPOINT=http://127.0.0.1:1
export LAMBDA_RUNTIME_EXECUTOR=local SQS_ENDPOINT_STRATEGY=path
export CFN_IGNORE_UNSUPPORTED_RESOURCE_TYPES=${CFN_IGNORE_UNSUPPORTED_RESOURCE_TYPES:-1}
export LOCAL_LAMBDA_NODE_PATH=${NODE_MODULES:-}
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1 AWS_REGION=us-east-1
exec "$state/venv/bin/python" -m ls_local
