/**
 * Ends the process that imports it once the one that started it is gone, however that ended: as if asked by a SIGTERM, so
 * that it stops what it has started itself. Imported by `run.mjs` before the script of a command.
 */
const parent = process.ppid;
const watch = setInterval(() => {
  if (process.ppid === parent) return;
  clearInterval(watch);
  process.kill(process.pid, 'SIGTERM');
}, 500);
watch.unref();
