// The runner has deployed `echo` as a function of FC 3.0 and, in the service `samples`, of FC 2.0.
'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { Readable } = require('node:stream');
const OpenApi = require('@alicloud/openapi-client');
const { RuntimeOptions } = require('@alicloud/tea-util');
const Fc3 = require('@alicloud/fc20230330');
const Fc2 = require('@alicloud/fc2');
const cloud = require('./cloud');

test('@alicloud/fc20230330 invokes and reads a function', async () => {
  const client = new Fc3.default(new OpenApi.Config({ accessKeyId: cloud.id, accessKeySecret: cloud.secret, endpoint: cloud.host, protocol: 'http' }));
  const request = new Fc3.InvokeFunctionRequest({ body: Readable.from([Buffer.from('hello')]) });
  const answer = await client.invokeFunctionWithOptions('echo', request, new Fc3.InvokeFunctionHeaders({}), new RuntimeOptions({}));
  assert.equal(Buffer.concat(await answer.body.toArray()).toString(), 'hello');
  assert.equal((await client.getFunction('echo', new Fc3.GetFunctionRequest({}))).body.functionName, 'echo');
  await assert.rejects(client.getFunction('nobody', new Fc3.GetFunctionRequest({})), { code: 'FunctionNotFound' });
});

test('@alicloud/fc2 invokes a function of a service', async () => {
  const keys = { accessKeyID: cloud.id, accessKeySecret: cloud.secret, region: cloud.region };
  const client = new Fc2(cloud.account, { ...keys, endpoint: cloud.proxy });
  assert.equal((await client.invokeFunction('samples', 'echo', 'hello')).data, 'hello');
  const queued = await client.invokeFunction('samples', 'echo', 'later', { 'x-fc-invocation-type': 'Async' });
  assert.ok(queued.headers['x-fc-request-id']);
  await assert.rejects(client.invokeFunction('samples', 'nobody', ''), { code: 'FunctionNotFound' });
  const stranger = new Fc2(cloud.account, { ...keys, accessKeySecret: 'wrong', endpoint: cloud.proxy });
  await assert.rejects(stranger.invokeFunction('samples', 'echo', ''), { code: 'SignatureNotMatch' });
});
