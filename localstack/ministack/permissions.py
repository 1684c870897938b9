"""Where MiniStack's permissions differ from those of AWS: our policies are right there and refused here, or the other way.

MiniStack enforces IAM with AUTH=true, which it reads as it is imported. `correct()` is called once, by the gate.
"""
from contextvars import ContextVar

import ministack.app as ministack
from ministack.core import iam_actions, iam_evaluator
from ministack.services import secretsmanager
from ministack.services.cloudformation import provisioners

# AWS knows no permission for a batch: it asks for that of the single operation.
SINGLE_OF_BATCH = {
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sns:PublishBatch": "sns:Publish",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
}


def single(action_of):
    def of(*args, **named):
        action = action_of(*args, **named)
        return SINGLE_OF_BATCH.get(action, action)
    return of


def named(secret_id):
    """The name of a secret, by which MiniStack keeps it."""
    key, _ = secretsmanager._resolve(secret_id)
    return key or secret_id


def referred_by_arn(handlers):
    """`Ref` of a secret is its ARN on AWS; here it would be its name, so that a policy on it allowed nothing."""
    create, update, delete = handlers["create"], handlers["update"], handlers["delete"]

    def by_arn(made):
        _, attributes = made
        return attributes["Arn"], attributes

    def updated(physical_id, *rest):
        return by_arn(update(named(physical_id), *rest))

    def deleted(physical_id, properties):
        return delete(named(physical_id), properties)

    return {**handlers, "create": lambda *args: by_arn(create(*args)), "update": updated, "delete": deleted}


def count_http_as_tls():
    """The policies of bucket and queues refuse plain HTTP, and the emulator speaks nothing else, on this machine only.

    What it does by itself, such as reading queues for functions, has no request: that counts as over TLS, too.
    """
    pin = iam_evaluator.pin_request_origin
    ministack.pin_request_origin = lambda address, _: pin(address, True)
    iam_evaluator._request_origin = ContextVar("ministack_request_origin", default=("127.0.0.1", True))


def with_if_none_match(context_of):
    """The bucket refuses writes that do not say If-None-Match, by a condition key that MiniStack leaves out."""
    def of(action, query, path="", headers=None):
        context = context_of(action, query, path, headers)
        said = (headers or {}).get("if-none-match")
        return {**context, "s3:if-none-match": said} if action == "s3:PutObject" and said else context
    return of


def told(denied_response):
    """Says in the log what is refused to whom: a function may go on without what it was refused."""
    def response(service, action, principal_arn, *args, **named):
        print(f"refused {action} to {principal_arn}", flush=True)
        return denied_response(service, action, principal_arn, *args, **named)
    return response


def correct():
    iam_actions.access_denied_response = told(iam_actions.access_denied_response)
    iam_actions.s3_service_context = with_if_none_match(iam_actions.s3_service_context)
    count_http_as_tls()
    iam_actions.extract_iam_action = single(iam_actions.extract_iam_action)
    secret = "AWS::SecretsManager::Secret"
    provisioners._RESOURCE_HANDLERS[secret] = referred_by_arn(provisioners._RESOURCE_HANDLERS[secret])
