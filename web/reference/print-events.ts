/** Prints the page of the events as HTML, for the build of the dashboard: `node web/reference/print-events.ts`. */
import { asyncApiDocument } from '../../core/contracts/events/asyncapi.ts';
import { version } from '../../core/contracts/version.ts';
import { eventsSchema, renderEvents } from './render-events.ts';

process.stdout.write(renderEvents(eventsSchema.parse(JSON.parse(JSON.stringify(asyncApiDocument(version))))));
