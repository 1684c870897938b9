"""MiniStack behind a gate that stands in its own process: `python gate.py`, with MiniStack's environment and

    QUOTRON_EMULATOR_KEY   the access key id of this start; whoever started it knows it
    QUOTRON_GATE_SECRET    what the dashboard's server says of itself

MiniStack asks for no credentials, checks neither Host nor Origin, and runs functions as the developer's own processes.
Without the gate, any web page that is open in a browser on this machine could run code here.

What passes:

1. nothing that a browser sends on behalf of a page: no Origin, and no Sec-Fetch-Site but `none`
2. only a Host of 127.0.0.1 or localhost with this port: another name is another site's, pointed here (DNS rebinding)
3. AWS calls and presigned URLs only with an access key id of this start: the starter's, or one that was given to a
   function here
4. without one: the health check, and the REST API, which checks keys of its own

The dashboard's server passes on what browsers send it, from the one origin that it serves. It renames the headers by
which a browser says where a request comes from and adds the secret; the API behind the gate gets them back.
"""
import hmac
import json
import os
import secrets
from urllib.parse import parse_qs

import ministack.app as ministack
from ministack.core import lambda_runtime
from ministack.core.router import extract_access_key_id
from ministack.services import apigateway_v1, sts

PORT = os.environ["GATEWAY_PORT"]
SECRET = os.environ.pop("QUOTRON_GATE_SECRET")
KEYS = {os.environ.pop("QUOTRON_EMULATOR_KEY")}
HOSTS = {f"{name}:{PORT}" for name in ("127.0.0.1", "localhost")}

HEALTH = "/_localstack/health"
REST_API = "/_aws/execute-api/"
SECRET_HEADER = "x-quotron-gate"
BROWSER_HEADER = "x-quotron-browser-"
# A custom resource of CloudFormation answers there, with a token that only it was given.
CLOUDFORMATION_ANSWER = "/_ministack/cfn-response/"

credentials_of = {}


def function_credentials(config):
    """What a function signs with: a session of its role, made anew with each start.

    MiniStack would give it the account's number, or with AUTH=true what can be computed from the function's name.
    """
    arn, role = config["FunctionArn"], config.get("Role", "")
    account, name = arn.split(":")[4], config["FunctionName"]
    given = credentials_of.get((arn, role))
    if given is None:
        given = credentials_of[arn, role] = {
            "AWS_ACCESS_KEY_ID": f"ASIA{secrets.token_hex(8).upper()}",
            "AWS_SECRET_ACCESS_KEY": secrets.token_urlsafe(30),
            "AWS_SESSION_TOKEN": secrets.token_urlsafe(30),
        }
        KEYS.add(given["AWS_ACCESS_KEY_ID"])
        role_name = role.rsplit("/", 1)[-1]
        sts.register_session(given["AWS_ACCESS_KEY_ID"], {
            "Arn": f"arn:aws:sts::{account}:assumed-role/{role_name}/{name[:64]}",
            "UserId": f"{role_name}:{name[:64]}",
            "SecretAccessKey": given["AWS_SECRET_ACCESS_KEY"],
            "SessionToken": given["AWS_SESSION_TOKEN"],
        })
    return given


def is_rest_api(path):
    """Whether MiniStack takes a path for a call of the REST API. Without API and stage it would look for a service."""
    return path.startswith(REST_API) and ministack._parse_execute_api_url("", path) is not None


# The service of functions is imported with the first call of it, and takes its name from there.
lambda_runtime.execution_credentials = function_credentials


def without_result(shape):
    """MiniStack shows what a failed function said to Lambda; API Gateway answers that with its own DEFAULT_5XX.

    `shape` gives the function's answer and an error, of which one is None.
    """
    def shaped(result):
        answer, error = shape(result)
        if error is not None:
            raise FunctionFailed
        return answer, None
    return shaped


class FunctionFailed(Exception):
    pass


def with_gateway_answer(invoke):
    async def invoked(*args, **named):
        try:
            return await invoke(*args, **named)
        except FunctionFailed:
            return apigateway_v1._gw_error("DEFAULT_5XX", "Internal server error")
    return invoked


apigateway_v1._lambda_proxy_response = without_result(apigateway_v1._lambda_proxy_response)
apigateway_v1._invoke_lambda_proxy_v1 = with_gateway_answer(apigateway_v1._invoke_lambda_proxy_v1)


def refusal(method, path, query, headers):
    """Why a request is refused, or None. `headers` by lower-case name."""
    if "origin" in headers:
        return "It comes from a web page (Origin)."
    if headers.get("sec-fetch-site", "none") != "none":
        return "It comes from a web page (Sec-Fetch-Site)."
    if headers.get("host") not in HOSTS:
        return f"Its Host is not 127.0.0.1:{PORT} or localhost:{PORT}."
    if method == "GET" and path == HEALTH:
        return None
    if is_rest_api(path) or (method == "PUT" and path.startswith(CLOUDFORMATION_ANSWER)):
        return None
    if extract_access_key_id(headers, query) not in KEYS:
        return "Its access key id is none of this start. It stands in .quotron/local.json."
    return None


def rest_path(scope):
    """The path as it was sent where it is one of the REST API: API Gateway hands it on so, and MiniStack decoded."""
    raw = scope.get("raw_path", b"").decode("latin-1").partition("?")[0]
    return raw if is_rest_api(scope["path"]) and is_rest_api(raw) else scope["path"]


async def refuse(send, why):
    body = json.dumps({"__type": "AccessDeniedException", "message": f"The gate of the local cloud refuses this request. {why}"})
    await send({"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": body.encode()})


def gated(app):
    async def gate(scope, receive, send):
        if scope["type"] == "lifespan":
            await app(scope, receive, send)
            return
        if scope["type"] != "http":
            # Nothing here speaks over WebSockets.
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        names = [name.decode("latin-1").lower() for name, _ in scope["headers"]]
        headers = {name: value.decode("latin-1") for name, (_, value) in zip(names, scope["headers"])}
        # Said twice, a header could be read one way here and another way behind.
        if names.count("host") > 1 or names.count("authorization") > 1:
            await refuse(send, "It has a header twice.")
            return
        said = headers.pop(SECRET_HEADER, "")
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
        why = refusal(scope["method"], scope["path"], query, headers)
        if why is not None:
            await refuse(send, why)
            return
        trusted = hmac.compare_digest(said.encode("latin-1"), SECRET.encode()) and is_rest_api(scope["path"])
        kept = []
        for name, pair in zip(names, scope["headers"]):
            if name.startswith(BROWSER_HEADER):
                if trusted:
                    kept.append((name.removeprefix(BROWSER_HEADER).encode(), pair[1]))
            elif name != SECRET_HEADER:
                kept.append(pair)
        await app({**scope, "headers": kept, "path": rest_path(scope)}, receive, send)

    return gate


# `main` looks its application up when it serves.
ministack.app = gated(ministack.app)

if __name__ == "__main__":
    ministack.main()
