"""
Run inside MiniStack before it starts: lets a deployment through where the emulator lacks something.
What is inert here is NOT exercised by a deployment; the test prints the list. A type that MiniStack has learned must go from
the list: this stops the emulator until it does.
"""
import json
import os
import string
import urllib.request

from ministack.core.iam_evaluator import EvalContext, evaluate_resource_policy
from ministack.core.responses import error_response_json, get_account_id, get_region, new_uuid, set_request_region
from ministack.services import cloudwatch, ec2, ecr, eventbridge, iam, rds, sns
from ministack.services.cloudformation import changesets, engine, handlers, provisioners, stacks

registered = provisioners._RESOURCE_HANDLERS


def inert(resource_type, attributes):
    def create(logical_id, props, stack_name):
        physical_id = f"{stack_name}-{logical_id}-{new_uuid()[:8]}"
        return physical_id, {name: physical_id for name in attributes}

    def update(physical_id, old_props, new_props, stack_name, *_):
        return physical_id, {name: physical_id for name in attributes}

    return {"create": create, "update": update, "delete": lambda physical_id, props: None}


with open(os.environ["KYO_INERT_TYPES"]) as file:
    for resource_type, attributes in json.load(file).items():
        if resource_type in registered:
            raise SystemExit(f"MiniStack has learned {resource_type}: take it out of inert-types.json.")
        registered[resource_type] = inert(resource_type, attributes)


# Alarms over metric math are kept out of CloudWatch.
def alarms(original, stand_in):
    def create(logical_id, props, stack_name):
        chosen = stand_in if props.get("Metrics") else original
        return chosen["create"](logical_id, props, stack_name)

    def update(physical_id, old_props, new_props, stack_name, *rest):
        chosen = stand_in if new_props.get("Metrics") else original
        return chosen["update"](physical_id, old_props, new_props, stack_name, *rest)

    def delete(physical_id, props):
        if not props.get("Metrics"):
            original["delete"](physical_id, props)

    return {**original, "create": create, "update": update, "delete": delete}


alarm = "AWS::CloudWatch::Alarm"
registered[alarm] = alarms(registered[alarm], inert(alarm, ["Arn"]))


# CloudWatch may publish where the topic's policy says so: to the emulator every topic is open to it.
dispatch = cloudwatch._dispatch_alarm_actions


def admits_alarm(topic, alarm_arn):
    policy, _ = sns.topic_policy_for_arn(topic) or ("", "")
    context = EvalContext(
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action="sns:Publish",
        resource_arn=topic,
        region=get_region(),
        secure_transport=True,
        service_context={"aws:sourcearn": alarm_arn, "aws:sourceaccount": get_account_id()},
    )
    return bool(policy) and evaluate_resource_policy(policy, context, service="cloudwatch.amazonaws.com").decision == "Allow"


def dispatch_where_admitted(alarm, *rest):
    arn = alarm["AlarmArn"]
    actions = {field: [topic for topic in alarm.get(field) or [] if admits_alarm(topic, arn)] for field in ("AlarmActions", "OKActions")}
    return dispatch({**alarm, **actions}, *rest)


cloudwatch._dispatch_alarm_actions = dispatch_where_admitted

# Instances of stacks are records without a server; the test puts a real PostgreSQL behind each.
database = registered["AWS::RDS::DBInstance"]


def create_database(logical_id, props, stack_name, create=database["create"]):
    identifier, attributes = create(logical_id, props, stack_name)
    wanted = {
        "instanceId": identifier,
        "user": props["MasterUsername"],
        "password": props["MasterUserPassword"],
        "database": props.get("DBName", ""),
    }
    request = urllib.request.Request(
        os.environ["KYO_DATABASE_SERVERS"],
        data=json.dumps(wanted).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        port = json.load(answer)["port"]
    provisioners._rds._instances[identifier]["Endpoint"].update({"Address": "localhost", "Port": port})
    return identifier, {**attributes, "Endpoint.Address": "localhost", "Endpoint.Port": str(port)}


database["create"] = create_database

# Functions run on this machine, which knows no name of the VPC: the test runs the service elsewhere.
function = registered["AWS::Lambda::Function"]
addresses = json.loads(os.environ["KYO_SERVICE_ADDRESSES"])


def reachable(value):
    if isinstance(value, dict):
        return {name: reachable(each) for name, each in value.items()}
    if isinstance(value, str):
        for name, address in addresses.items():
            value = value.replace(f"//{name}/", f"//{address}/")
    return value


def create_function(logical_id, props, stack_name, create=function["create"]):
    return create(logical_id, {**props, "Environment": reachable(props.get("Environment", {}))}, stack_name)


update_elsewhere = function["update"]


def update_function(physical_id, old_props, new_props, stack_name, logical_id=None):
    new_props = {**new_props, "Environment": reachable(new_props.get("Environment", {}))}
    return update_elsewhere(physical_id, old_props, new_props, stack_name, logical_id)


function.update({"create": create_function, "update": update_function})

# The endpoint of replication groups in cluster mode: one that is put in the place of another has another.
cache = registered["AWS::ElastiCache::ReplicationGroup"]
cache_endpoints = {}


def with_endpoint(identifier, attributes, fresh):
    if fresh:
        cache_endpoints[identifier] = f"clustercfg.{identifier}.{new_uuid()[:6]}.kyo.cache.amazonaws.com"
    address = cache_endpoints[identifier]
    return identifier, {**attributes, "ConfigurationEndPoint.Address": address, "ConfigurationEndPoint.Port": "6379"}


def create_cache(logical_id, props, stack_name, create=cache["create"]):
    return with_endpoint(*create(logical_id, props, stack_name), fresh=True)


def update_cache(physical_id, old_props, new_props, stack_name, *rest, update=cache["update"]):
    replaced = provisioners._ec_rg_requires_replacement(old_props, new_props)
    return with_endpoint(*update(physical_id, old_props, new_props, stack_name, *rest), fresh=replaced)


cache["create"] = create_cache
cache["update"] = update_cache

# Identity providers, which the emulator makes by calls alone and not by templates.
def create_provider(logical_id, props, stack_name):
    arn = f"arn:aws:iam::{get_account_id()}:oidc-provider/{props['Url'].split('://')[-1]}"
    iam._oidc_providers[arn] = {"Arn": arn, "Url": props["Url"], "ClientIDList": props["ClientIdList"]}
    return arn, {"Arn": arn}


def delete_provider(physical_id, props):
    iam._oidc_providers.pop(physical_id, None)


registered["AWS::IAM::OIDCProvider"] = {"create": create_provider, "delete": delete_provider}

# Outputs of stacks in other regions.
resolve = engine._resolve_refs


def resolve_in_region(value, *rest):
    spec = value.get("Fn::GetStackOutput") if isinstance(value, dict) else None
    region = spec.get("Region") if isinstance(spec, dict) else None
    here = get_region()
    if not isinstance(region, str) or region == here:
        return resolve(value, *rest)
    set_request_region(region)
    try:
        return resolve(value, *rest)
    finally:
        set_request_region(here)


for module in (engine, handlers, stacks, provisioners):
    if hasattr(module, "_resolve_refs"):
        module._resolve_refs = resolve_in_region

# Zones as an account in Tokyo has them, where the letters say nothing about the ids, and what RDS sells in them.
zones = {"ap-northeast-1a": "apne1-az4", "ap-northeast-1c": "apne1-az1", "ap-northeast-1d": "apne1-az2"}


def describe_zones(parameters):
    items = [
        f"<item><zoneName>{name}</zoneName><zoneId>{zone_id}</zoneId><zoneState>available</zoneState></item>"
        for name, zone_id in zones.items()
    ]
    info = f"<availabilityZoneInfo>{''.join(items)}</availabilityZoneInfo>"
    return ec2._xml(200, "DescribeAvailabilityZonesResponse", info)


def describe_orderable(parameters):
    sold = "".join(f"<AvailabilityZone><Name>{name}</Name></AvailabilityZone>" for name in zones)
    option = f"<OrderableDBInstanceOption><AvailabilityZones>{sold}</AvailabilityZones></OrderableDBInstanceOption>"
    name = "DescribeOrderableDBInstanceOptions"
    result = f"<{name}Result><OrderableDBInstanceOptions>{option}</OrderableDBInstanceOptions></{name}Result>"
    return rds._xml(200, f"{name}Response", result)


ec2._ACTION_MAP["DescribeAvailabilityZones"] = describe_zones
rds._ACTION_MAP["DescribeOrderableDBInstanceOptions"] = describe_orderable

# Generated secrets without punctuation.

secret_string = provisioners._sm_secret_string


def without_punctuation(props):
    rules = props.get("GenerateSecretString") or {}
    if rules.get("ExcludePunctuation"):
        excluded = rules.get("ExcludeCharacters", "") + string.punctuation
        props = {**props, "GenerateSecretString": {**rules, "ExcludeCharacters": excluded}}
    return secret_string(props)


provisioners._sm_secret_string = without_punctuation

# Events of AWS's own services, of which the emulator sends none: the test does.
eventbridge._put_events.__defaults__ = (True,)

# Images that nobody has pushed: CDK builds none that it believes to be there.
describe_images = ecr._describe_images


def describe_pushed_images(data):
    name = data.get("repositoryName", "")
    if name in ecr._repositories and any(not ecr._find_image(name, wanted) for wanted in data.get("imageIds") or []):
        return error_response_json("ImageNotFoundException", "The image requested does not exist.", 400)
    return describe_images(data)


ecr._describe_images = describe_pushed_images


# Changes of outputs alone, which CloudFormation carries out.
class OutputsOnly(list):
    def __bool__(self):
        return True


resolve_for_diff = changesets._resolve_props_for_diff
diff_resources = changesets._diff_resources


def resolve_with_outputs(template, *rest):
    return {**resolve_for_diff(template, *rest), "Outputs": (template or {}).get("Outputs")}


def diff_with_outputs(old_template, new_template, *rest):
    changes = diff_resources(old_template, new_template, *rest)
    if not changes and old_template["Outputs"] != new_template["Outputs"]:
        return OutputsOnly()
    return changes


changesets._resolve_props_for_diff = resolve_with_outputs
changesets._diff_resources = diff_with_outputs
