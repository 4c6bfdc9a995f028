'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const Log = require('@alicloud/log');
const cloud = require('./cloud');

const ways = {
  proxied: [`http://${cloud.region}.log.aliyuncs.com`, cloud.byProxy],
  local: [cloud.proxy, cloud.byAddress],
};

for (const [way, [endpoint, agent]] of Object.entries(ways)) {
  test(`@alicloud/log ${way}`, async () => {
    const client = new Log({ accessKeyId: cloud.id, accessKeySecret: cloud.secret, endpoint });
    const options = { agent: agent() };
    const project = `node-${way}`;
    await client.createProject(project, { description: 'of a test' }, options);
    assert.equal((await client.getProject(project, options)).projectName, project);
    await client.createLogStore(project, 'store', { ttl: 1, shardCount: 1 }, options);
    await client.createIndex(project, 'store', { ttl: 1, line: { token: [' '], caseSensitive: false } }, options);
    const now = Math.floor(Date.now() / 1000);
    await client.postLogStoreLogs(project, 'store', { logs: [{ timestamp: now, content: { message: 'hello', level: 'info' } }], topic: 't', source: '10.0.0.1' }, options);
    const found = await client.getLogs(project, 'store', new Date((now - 60) * 1000), new Date((now + 60) * 1000), { query: 'hello' }, options);
    assert.deepEqual(Object.values(found).map((log) => log.message), ['hello']);
    await assert.rejects(client.getLogStore(project, 'nobody', options), { code: 'LogStoreNotExist' });
    const stranger = new Log({ accessKeyId: cloud.id, accessKeySecret: 'wrong', endpoint });
    await assert.rejects(stranger.getProject(project, options), { code: 'SignatureNotMatch' });
  });
}
