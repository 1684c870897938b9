import { App } from 'aws-cdk-lib';
import { addQuotron } from '../lib/add-quotron.ts';
import { addCloudRules } from '../lib/cloud-rules.ts';
import { readStageFile, stageFile } from './stage-file.ts';
import { refuseOtherPlace, stageSettings } from './stages.ts';

/** The app of CDK: what `-c stage=<stage>` names. */
export const app = new App({ analyticsReporting: false });
const stage = String(app.node.tryGetContext('stage') ?? 'dev');
const places = readStageFile(stageFile(process.env));
refuseOtherPlace(stage, places, process.env);
const settings = stageSettings(stage, process.env, places);
addQuotron(app, settings);
// A start of the local cloud does not wait for it; `npm test` looks at its templates too.
if (settings.stage !== 'local') addCloudRules(app);
