// The health check of MongoDB in compose.yaml, run by mongosh: healthy is a replica set that takes writes. The first time
// there is none, and it is made; a lone member elects itself in some seconds, and a later check finds it.
try {
  rs.status();
} catch (error) {
  if (error.codeName !== 'NotYetInitialized') throw error;
  rs.initiate({ _id: 'rs0', members: [{ _id: 0, host: 'mongodb:27017' }] });
}
if (!db.hello().isWritablePrimary) quit(1);
