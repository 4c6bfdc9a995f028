// Clients on @alicloud/openapi-client: they take no HTTP proxy, so the local cloud's address is their endpoint.
'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const OpenApi = require('@alicloud/openapi-client');
const { RuntimeOptions } = require('@alicloud/tea-util');
const Ram = require('@alicloud/ram20150501');
const Sts = require('@alicloud/sts20150401');
const cloud = require('./cloud');

const config = (changes = {}) =>
  new OpenApi.Config({ accessKeyId: cloud.id, accessKeySecret: cloud.secret, endpoint: cloud.host, protocol: 'http', regionId: cloud.region, ...changes });

test('@alicloud/sts20150401 and @alicloud/ram20150501', async () => {
  const sts = new Sts.default(config());
  assert.equal((await sts.getCallerIdentity()).body.accountId, cloud.account);
  const ram = new Ram.default(config());
  const trust = { Version: '1', Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { RAM: [`acs:ram::${cloud.account}:root`] } }] };
  await ram.createRole(new Ram.CreateRoleRequest({ roleName: 'tea', assumeRolePolicyDocument: JSON.stringify(trust) }));
  const roles = (await ram.listRoles(new Ram.ListRolesRequest({ maxItems: 100 }))).body.roles.role;
  assert.ok(roles.some((role) => role.roleName === 'tea'));
  await ram.createUser(new Ram.CreateUserRequest({ userName: 'tea' }));
  const allowed = { Version: '1', Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*' }] };
  await ram.createPolicy(new Ram.CreatePolicyRequest({ policyName: 'tea', policyDocument: JSON.stringify(allowed) }));
  await ram.attachPolicyToUser(new Ram.AttachPolicyToUserRequest({ policyType: 'Custom', policyName: 'tea', userName: 'tea' }));
  const key = (await ram.createAccessKey(new Ram.CreateAccessKeyRequest({ userName: 'tea' }))).body.accessKey;
  const user = new Sts.default(config({ accessKeyId: key.accessKeyId, accessKeySecret: key.accessKeySecret }));
  const request = new Sts.AssumeRoleRequest({ roleArn: `acs:ram::${cloud.account}:role/tea`, roleSessionName: 'node' });
  const { credentials } = (await user.assumeRole(request)).body;
  const session = new Sts.default(config({ accessKeyId: credentials.accessKeyId, accessKeySecret: credentials.accessKeySecret, securityToken: credentials.securityToken }));
  assert.equal((await session.getCallerIdentity()).body.identityType, 'AssumedRoleUser');
  const refused = new Ram.default(config({ accessKeyId: key.accessKeyId, accessKeySecret: key.accessKeySecret }));
  await assert.rejects(refused.getRole(new Ram.GetRoleRequest({ roleName: 'tea' })), { code: 'NoPermission' });
});

test('the generic client: EMR (RPC) and Serverless Spark (ROA)', async () => {
  const client = new OpenApi.default(config());
  const call = (action, version, style, pathname, query) => {
    const params = new OpenApi.Params({ action, version, protocol: 'HTTP', method: style === 'ROA' ? 'GET' : 'POST', authType: 'AK', style, pathname, reqBodyType: 'json', bodyType: 'json' });
    return client.callApi(params, new OpenApi.OpenApiRequest({ query }), new RuntimeOptions({ autoretry: false }));
  };
  assert.deepEqual((await call('ListClusters', '2021-03-20', 'RPC', '/', { RegionId: cloud.region })).body.Clusters, []);
  assert.deepEqual((await call('ListWorkspaces', '2023-08-08', 'ROA', '/api/v1/workspaces', {})).body.workspaces, []);
  await assert.rejects(call('InventCluster', '2021-03-20', 'RPC', '/', {}), /does not support InventCluster/);
});
