"""Under which key of the account things are: what AWS decrypts with in the caller's name."""
from ministack.services import secretsmanager
from ministack.services.cloudformation import provisioners

registered = provisioners._RESOURCE_HANDLERS
keys_of_buckets = {}


def key_of_secret(arn):
    _, secret = secretsmanager._resolve(arn)
    return (secret or {}).get("KmsKeyId")


def key_of_bucket(arn):
    return keys_of_buckets.get(arn.split(":")[-1].split("/")[0])


# The emulator keeps no encryption of a stack's bucket.
bucket = registered["AWS::S3::Bucket"]


def create_bucket(logical_id, props, stack_name, create=bucket["create"]):
    name, attributes = create(logical_id, props, stack_name)
    for rule in (props.get("BucketEncryption") or {}).get("ServerSideEncryptionConfiguration") or []:
        keys_of_buckets[name] = rule["ServerSideEncryptionByDefault"].get("KMSMasterKeyID")
    return name, attributes


registered["AWS::S3::Bucket"] = {**bucket, "create": create_bucket}

# A secret's Ref is its ARN (AWS::SecretsManager::Secret, return values); the emulator's is its name.
secret = registered["AWS::SecretsManager::Secret"]


def name_of(arn):
    return (secretsmanager._resolve(arn)[1] or {}).get("Name", arn)


def create_secret(logical_id, props, stack_name):
    _, attributes = secret["create"](logical_id, props, stack_name)
    return attributes["Arn"], attributes


def update_secret(arn, *rest, **named):
    _, attributes = secret["update"](name_of(arn), *rest, **named)
    return attributes["Arn"], attributes


def delete_secret(arn, props):
    secret["delete"](name_of(arn), props)


registered["AWS::SecretsManager::Secret"] = {
    **secret,
    "create": create_secret,
    "update": update_secret,
    "delete": delete_secret,
}
