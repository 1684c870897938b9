import { type Installation, optionsOf } from '../../core/contracts/installation.ts';
import { safe } from '../output.ts';
import type { StackFailure } from './stack-progress.ts';

/** What to do about what CloudFormation could not make: by the type of the resource, then by the code of the cause. */
export function adviceOn({ type, code }: StackFailure, installation: Installation): string {
  if (type === 'Custom::Trigger')
    return `The database could not be prepared or migrated. \`quotron logs prepare-database migrate ${optionsOf(installation)} --since 30m\` shows why.`;
  if (type === 'AWS::CloudFront::Distribution' && code === 'AccessDenied')
    return 'AWS lets a new account make no CloudFront distribution until it is verified: open a support case ("Account and billing", free of charge), then deploy again.';
  if (type === 'AWS::RDS::DBInstance' && code === 'InvalidRequest')
    return 'An account of the free plan keeps backups for one day only: set database.backups of bin/stages.ts to Duration.days(1), or upgrade the account.';
  switch (code) {
    case 'AlreadyExists':
      return 'Something of this name is there already, perhaps of a former deployment or of another copy. Delete it, then deploy again.';
    case 'AccessDenied':
    case 'UnauthorizedTaggingOperation':
      return 'The role that deploys (cdk-hnb659fds-cfn-exec-role) may not do this: a policy of your organisation or a changed bootstrap is in the way.';
    case 'ServiceLimitExceeded':
      return 'The account has no room for one more. Ask for more in Service Quotas, or delete one that is not used.';
    case 'Throttling':
    case 'ServiceInternalError':
    case 'GeneralServiceException':
    case 'NetworkFailure':
    case 'ServiceTimeout':
      return 'AWS itself was busy or failed. Deploy again.';
    default:
      return 'Put right what AWS says, then deploy again: it continues from what is there.';
  }
}

/** A failure for people, with what to do. */
export function failureInWords(failure: StackFailure, part: string, installation: Installation): string {
  const said = safe(failure.reason.replaceAll(/\s*\(RequestToken: [^)]*\)/g, ''));
  return `${part}/${safe(failure.resource)} (${safe(failure.type)}): ${said}\n${adviceOn(failure, installation)}`;
}
