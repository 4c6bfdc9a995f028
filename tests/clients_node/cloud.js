// Where the local cloud is and whose keys it takes: the runner starts it and says so in the environment.
'use strict';

const http = require('node:http');
const { HttpProxyAgent } = require('http-proxy-agent');

const { LOCAL_CLOUD: proxy, ACCOUNT: account, KEY_ID: id, KEY_SECRET: secret } = process.env;
const region = 'cn-hangzhou';
const { host, hostname, port } = new URL(proxy);

// The two ways to the local cloud: as a forward proxy, with the real endpoint names, and as the endpoint itself.
const byProxy = () => new HttpProxyAgent(proxy);

// `project.127.0.0.1` is in no name service; a machine's own hosts file would do the same.
const byAddress = () => new http.Agent({ lookup: (name, options, done) => (options.all ? done(null, [{ address: hostname, family: 4 }]) : done(null, hostname, 4)) });

module.exports = { proxy, host, port, account, id, secret, region, byProxy, byAddress };
