import { type App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';

/** Has a synthesis fail where cdk-nag (AwsSolutions) finds what is not acknowledged, and name it in `validation-report.json`. */
export function addCloudRules(app: App): void {
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
}
