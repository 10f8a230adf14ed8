/**
 * The list of the addresses that CloudFront asks origins from (`com.amazonaws.global.cloudfront.origin-facing`), by region: it
 * is the same in every account, and looking it up would need one. A VPC origin comes with these too, and not with those of its
 * interfaces in the VPC (CloudFront Developer Guide, "Restrict access with VPC origins"). CloudFront's own security group would
 * be narrower, but is there only after the first origin is.
 */
const lists: Record<string, string> = {
  'ap-northeast-1': 'pl-58a04531',
  'ap-southeast-1': 'pl-31a34658',
};

/** Of the 60 rules that a security group may have it takes 55 (Amazon VPC User Guide, "AWS-managed prefix lists"). */
export function cloudfrontPrefixList(region: string): string {
  const list = lists[region];
  if (list) return list;
  throw new RangeError(
    `Which prefix list CloudFront has in ${region} is not known here: aws ec2 describe-managed-prefix-lists --region ${region} --filters Name=prefix-list-name,Values=com.amazonaws.global.cloudfront.origin-facing`,
  );
}
