import { App } from 'aws-cdk-lib';
import { addQuotron } from '../lib/add-quotron.ts';
import { readStageFile, stageFile } from './stage-file.ts';
import { refuseOtherPlace, stageSettings } from './stages.ts';

const app = new App({ analyticsReporting: false });
const stage = String(app.node.tryGetContext('stage') ?? 'dev');
const places = readStageFile(stageFile(process.env));
refuseOtherPlace(stage, places, process.env);
addQuotron(app, stageSettings(stage, process.env, places));
