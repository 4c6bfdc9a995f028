'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { RPCClient, ROAClient } = require('@alicloud/pop-core');
const cloud = require('./cloud');

const keys = { accessKeyId: cloud.id, accessKeySecret: cloud.secret };

function client(way, product, apiVersion, changes = {}) {
  const proxied = way === 'proxied';
  const endpoint = proxied ? `http://${product}.aliyuncs.com` : cloud.proxy;
  return new RPCClient({ ...keys, endpoint, apiVersion, opts: proxied ? { agent: cloud.byProxy() } : {}, ...changes });
}

for (const way of ['proxied', 'local']) {
  for (const method of ['GET', 'POST']) {
    test(`pop-core ${way} ${method}`, async () => {
      const sts = client(way, 'sts', '2015-04-01');
      assert.equal((await sts.request('GetCallerIdentity', {}, { method })).AccountId, cloud.account);
      const ram = client(way, 'ram', '2015-05-01');
      const trust = { Version: '1', Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: ['ecs.aliyuncs.com'] } }] };
      const RoleName = `pop-${way}-${method}`;
      await ram.request('createRole', { RoleName, AssumeRolePolicyDocument: JSON.stringify(trust), Description: "a b+c*d~e'()!ä" }, { method });
      assert.equal((await ram.request('GetRole', { RoleName }, { method })).Role.RoleName, RoleName);
      await assert.rejects(ram.request('GetRole', { RoleName: 'nobody' }, { method }), { code: 'EntityNotExist.Role' });
      await assert.rejects(ram.request('InventRole', {}, { method }), /does not support InventRole/);
    });

    test(`pop-core ${way} ${method}: both versions of EMR`, async () => {
      const emr = client(way, `emr.${cloud.region}`, '2021-03-20');
      assert.deepEqual((await emr.request('ListClusters', { RegionId: cloud.region }, { method })).Clusters, []);
      const old = client(way, `emr.${cloud.region}`, '2016-04-08');
      await assert.rejects(old.request('ListClusters', { RegionId: cloud.region }, { method }), /ListClusters of API version 2016-04-08/);
    });

    test(`pop-core ${way} ${method}: a wrong secret is refused`, async () => {
      const sts = client(way, 'sts', '2015-04-01', { accessKeySecret: 'wrong' });
      await assert.rejects(sts.request('GetCallerIdentity', {}, { method }), { code: 'SignatureDoesNotMatch' });
    });
  }

  test(`pop-core ${way} ROA: Serverless Spark`, async () => {
    const proxied = way === 'proxied';
    const endpoint = proxied ? `http://emr-serverless-spark.${cloud.region}.aliyuncs.com` : cloud.proxy;
    const spark = new ROAClient({ ...keys, endpoint, apiVersion: '2023-08-08' });
    const options = proxied ? { agent: cloud.byProxy() } : {};
    const answer = await spark.get('/api/v1/workspaces', { maxResults: '10', regionId: cloud.region }, {}, options);
    assert.deepEqual(answer.workspaces, []);
  });
}
