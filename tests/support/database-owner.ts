/** A process that starts a database in the folder it is given, prints the server's process id, and waits to be killed. */
import { startDatabase } from '../../localstack/database.ts';

const [dir = ''] = process.argv.slice(2);
const { pid } = await startDatabase({ dir, persistent: true, fsync: false });
process.stdout.write(`${pid}\n`);
setInterval(() => undefined, 60_000);
