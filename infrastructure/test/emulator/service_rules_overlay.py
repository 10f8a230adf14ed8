"""
Run inside MiniStack before it starts: before a stack creates or changes a resource, the test process is asked what the
service would say (infrastructure/lib/rules/service-input). A refusal fails the deployment with the service's text.
"""
import json
import os
import urllib.request

from ministack.core.responses import get_region
from ministack.services.cloudformation import provisioners, stacks


def ask(about, **facts):
    request = urllib.request.Request(
        os.environ["KYO_SERVICE_RULES"],
        data=json.dumps({"about": about, "region": get_region(), **facts}, default=str).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def judged(resource_type, name, properties, carry_out):
    refusal = ask("judge", type=resource_type, name=name, properties=properties)["refusal"]
    if refusal:
        raise ValueError(refusal)
    physical_id, attributes = carry_out()
    ask("created", name=name, references=[physical_id, *(attributes or {}).values()])
    return physical_id, attributes


provision = provisioners._provision_resource
update = provisioners._update_resource
delete = provisioners._delete_resource


def provision_judged(resource_type, logical_id, props, stack_name):
    name = f"{stack_name}/{logical_id}"
    return judged(resource_type, name, props, lambda: provision(resource_type, logical_id, props, stack_name))


def update_judged(resource_type, physical_id, old_props, new_props, stack_name, logical_id=None, *rest):
    name = f"{stack_name}/{logical_id or physical_id}"
    return judged(
        resource_type,
        name,
        new_props,
        lambda: update(resource_type, physical_id, old_props, new_props, stack_name, logical_id, *rest),
    )


def delete_and_tell(resource_type, physical_id, *rest, **named):
    delete(resource_type, physical_id, *rest, **named)
    ask("deleted", reference=physical_id)


for module in (provisioners, stacks):
    module._provision_resource = provision_judged
    module._update_resource = update_judged
    module._delete_resource = delete_and_tell
