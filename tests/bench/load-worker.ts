import { parentPort } from 'node:worker_threads';
import { z } from 'zod';
import { load } from './http-load.ts';

const optionsSchema = z.object({ port: z.int(), path: z.string(), connections: z.int(), seconds: z.number() });

/** Makes the loads that it is asked for, one after the other. */
parentPort?.on('message', (message: unknown) => {
  load(optionsSchema.parse(message)).then(
    (result) => parentPort?.postMessage(result),
    (error: unknown) => parentPort?.postMessage({ error: error instanceof Error ? error.message : String(error) }),
  );
});
