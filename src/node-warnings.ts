/**
 * Node 22 calls its SQLite experimental on every start; newer ones do not. Operators can do nothing about it, and a start
 * that fails says one line: so this warning, and no other, is dropped. Imported first by whatever can be started.
 */
const printers = process.listeners('warning');
process.removeAllListeners('warning');
process.on('warning', (warning) => {
  if (warning.name === 'ExperimentalWarning' && warning.message.startsWith('SQLite')) return;
  for (const print of printers) print.call(process, warning);
});
