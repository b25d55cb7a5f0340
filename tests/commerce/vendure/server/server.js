// The shop, on a database that seed.js has filled.
const { bootstrap } = require('@vendure/core');
const { config } = require('./config');
const lab = require('./lab');

bootstrap(config).then(lab.attach, error => {
  console.error(error);
  process.exit(1);
});
