// Loaded before Prism, which follows redirects by itself: the one of SLAS carries a code, and is
// for the client to read.
const fetch = require('node-fetch');

const followed = fetch.default;
fetch.default = (url, options) => followed(url, { ...options, redirect: 'manual' });
