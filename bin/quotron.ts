import { App } from 'aws-cdk-lib';
import { addQuotron } from '../lib/add-quotron.ts';
import { stageSettings } from './stages.ts';

const app = new App({ analyticsReporting: false });
addQuotron(app, stageSettings(String(app.node.tryGetContext('stage') ?? 'dev'), process.env));
