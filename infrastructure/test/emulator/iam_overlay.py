"""
Run inside MiniStack before it starts, with AUTH=true: IAM as AWS evaluates it, where the emulator alone refuses what AWS
allows or looks away, and a record of every call that a role made and of the policies that it had then, in the file
KYO_IAM_RECORD.
"""
import json
import os
import sys
from contextvars import ContextVar

sys.path.insert(0, os.path.dirname(__file__))
from iam_calls_behind import calls_behind
from iam_resources import rds_context, rds_resource, ses_context, ses_identity, tags_of_databases

import ministack.app as app
from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_account_id
from ministack.services import iam, tagging

# Every client of AWS comes by TLS, and ours by plain HTTP: policies that demand TLS would refuse them all.
pin_origin = app.pin_request_origin
app.pin_request_origin = lambda address, secure: pin_origin(address, True)

# Who calls is said by the access key alone. Signatures are not verified: the proxy before RDS has another name, and breaks them.
def authenticate(access_key_id, account_id):
    credential = iam_evaluator.resolve_credential(access_key_id, account_id)
    if isinstance(credential, iam_evaluator.CredentialResolutionError):
        return iam_evaluator.AuthError(credential.code, credential.message)
    return credential


iam_evaluator.authenticate = authenticate

# What RDS and SES are asked about, and with which condition keys: the emulator knows an instance's identifier and the request's tags.
tagging._RESOURCE_TAG_COLLECTORS["rds"] = tags_of_databases
plain_resource = iam_actions.extract_resource_arn
plain_context = iam_actions.request_tag_context
parameters_now = ContextVar("parameters", default={})


def extract_resource_arn(service, method, path, headers, body, parameters, region, account):
    if service == "rds":
        return rds_resource(parameters, region, account)
    if service == "ses" and path == "/v2/email/outbound-emails":
        return ses_identity(json_of(body).get("FromEmailAddress", ""), region, account) or "*"
    if service == "ecr" and json_of(body).get("repositoryNames"):
        return f"arn:aws:ecr:{region}:{account}:repository/{json_of(body)['repositoryNames'][0]}"
    return plain_resource(service, method, path, headers, body, parameters, region, account)


def request_tag_context(service, action, body, parameters):
    parameters_now.set(parameters if parameters.get("Action") else json_of(body))
    context = plain_context(service, action, body, parameters)
    if service == "ses":
        return {**context, **ses_context(json_of(body))}
    return {**context, **rds_context(parameters)} if service == "rds" else context


def json_of(body):
    try:
        return json.loads(body)
    except (ValueError, TypeError):
        return {}


iam_actions.extract_resource_arn = extract_resource_arn
iam_actions.request_tag_context = request_tag_context

# A call is allowed when the calls are that AWS makes behind it in the caller's name.
plain_enforce = iam_evaluator.enforce
recorded = set()
record = open(os.environ["KYO_IAM_RECORD"], "a", buffering=1)


def enforce(access_key_id, action, service, region, resource_arn="*", service_context=None):
    account = get_account_id()
    caller = iam_evaluator.resolve_principal(access_key_id or "", account)
    if isinstance(caller, iam_evaluator.AuthError) or caller.type != "AssumedRole":
        return plain_enforce(access_key_id, action, service, region, resource_arn, service_context)
    role = caller.arn.split("/")[1]
    write(role_of(role, account))
    call = (action, resource_arn, service_context or {})
    behind = calls_behind(call, parameters_now.get() or {}, region, account)
    answer = None
    for number, (each, resource, context) in enumerate([call, *behind]):
        keys = {**tags_on(resource), **context}
        denied = plain_enforce(access_key_id, each, each.split(":")[0], region, resource, keys)
        write(
            {
                "role": role,
                "action": each,
                "resource": resource,
                "context": {name: value for name, value in keys.items() if value is not None},
                "resourcePolicy": policy_of(each, resource),
                "behind": action if number > 0 else None,
                "allowed": denied is None,
            }
        )
        answer = answer or (denied and refusal(denied, each, resource, caller.arn, number > 0))
    return answer


def refusal(denied, action, resource, caller, is_behind):
    """Of a call behind another one, with its own name: what is missing is that."""
    if not is_behind or isinstance(denied, iam_evaluator.AuthError):
        return denied
    message = iam_actions.identity_denial_message(action, caller, resource, denied.decision == "Deny")
    return iam_evaluator.AuthError("AccessDeniedException", message)


def tags_on(resource):
    return {f"aws:ResourceTag/{name}": value for name, value in (tagging.resource_tags(resource) or {}).items()}


def policy_of(action, resource):
    document, *_ = iam_evaluator._resource_policy(action.split(":")[0], resource) or [None]
    policy = parsed(document)
    return policy if policy and policy.get("Statement") else None


def role_of(name, account):
    role = iam._roles.get_scoped(account, None, name) or {}
    documents = list((role.get("InlinePolicies") or {}).values())
    documents += [managed_policy(arn, account) for arn in role.get("AttachedPolicies", [])]
    boundary = role.get("PermissionsBoundary")
    return {
        "name": name,
        "policies": [parsed(each) for each in documents if each],
        "boundary": parsed(managed_policy(boundary, account)) if boundary else None,
    }


def managed_policy(arn, account):
    return iam_evaluator._resolve_managed_policy_document(arn, account)


def parsed(document):
    return json_of(document) if isinstance(document, str) else document


def write(what):
    line = json.dumps({name: value for name, value in what.items() if value is not None}, sort_keys=True)
    if line not in recorded:
        recorded.add(line)
        record.write(line + "\n")


iam_evaluator.enforce = enforce


# Calls that the test answers in the place of RDS and EC2 are judged here all the same: asked with this header, and not done.
def judged_alone(handler):
    async def handle(method, path, headers, body, query_params):
        if "x-kyo-judge-alone" in headers:
            return 200, {"Content-Type": "text/xml"}, b""
        return await handler(method, path, headers, body, query_params)

    return handle


for service in ("rds", "ec2"):
    app.SERVICE_HANDLERS[service] = judged_alone(app.SERVICE_HANDLERS[service])
