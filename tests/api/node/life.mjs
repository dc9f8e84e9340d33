// life.mjs: the stock SDK plays the life of a circuit, customer and provider. Arguments: the two account files.
// Prints "ok NAME" or "FAIL NAME" for each chapter; exit status 1 after a failure.
import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { NetworkManagementClient } from "@azure/arm-network";
import { ClientSecretCredential } from "@azure/identity";

function sign_in(file) {
  const account = JSON.parse(readFileSync(file, "utf8"));
  const credential = new ClientSecretCredential(account.tenantId, account.clientId, account.clientSecret, {
    authorityHost: account.endpoint,
    disableInstanceDiscovery: true,
  });
  return new NetworkManagementClient(credential, account.subscriptionId, { endpoint: account.endpoint });
}

async function all(pages) {
  const list = [];
  for await (const x of pages) list.push(x);
  return list;
}

async function refused(promise) {
  try {
    await promise;
  } catch (e) {
    return e;
  }
  throw new Error("it was not refused");
}

const [adminFile, providerFile, subscription] = process.argv.slice(2);
const admin = sign_in(adminFile);
const provider = sign_in(providerFile);
const circuits = admin.expressRouteCircuits;
const order = {
  location: "westeurope",
  sku: { name: "Standard_MeteredData", tier: "Standard", family: "MeteredData" },
  serviceProviderProperties: { serviceProviderName: "Equinix", peeringLocation: "Amsterdam", bandwidthInMbps: 200 },
};
const id = (rest) => `/subscriptions/${subscription}/resourceGroups/rg1/providers/Microsoft.Network/${rest}`;

const chapters = {
  async "a circuit is ordered"() {
    assert((await all(admin.expressRouteServiceProviders.list())).some((p) => p.name === "Equinix"));
    const c = await circuits.beginCreateOrUpdateAndWait("rg1", "n1", order);
    assert.equal(c.provisioningState, "Succeeded");
    assert.match(c.serviceKey, /^[0-9a-f-]{36}$/);
    assert.equal((await circuits.get("rg1", "n1")).serviceProviderProvisioningState, "NotProvisioned");
    assert.deepEqual((await circuits.updateTags("rg1", "n1", { tags: { a: "b" } })).tags, { a: "b" });
    assert.equal((await all(circuits.list("rg1"))).length, 1);
    assert.equal((await all(circuits.listAll())).length, 1);
  },
  async "its provider finds and provisions it"() {
    const key = (await circuits.get("rg1", "n1")).serviceKey;
    const found = (await all(provider.expressRouteCrossConnections.list())).find((x) => x.name === key);
    const group = found.id.split("/")[4];
    found.serviceProviderProvisioningState = "Provisioned";
    await provider.expressRouteCrossConnections.beginCreateOrUpdateAndWait(group, key, found);
    assert.equal((await circuits.get("rg1", "n1")).serviceProviderProvisioningState, "Provisioned");
    const e = await refused(provider.expressRouteCircuits.get("rg1", "n1"));
    assert.equal(e.statusCode >= 403, true);
  },
  async "a peering with its tables and counters"() {
    const p = await admin.expressRouteCircuitPeerings.beginCreateOrUpdateAndWait("rg1", "n1", "AzurePrivatePeering", {
      peeringType: "AzurePrivatePeering", peerASN: 65010, vlanId: 100, sharedKey: "nodeKey2026",
      primaryPeerAddressPrefix: "192.168.15.0/30", secondaryPeerAddressPrefix: "192.168.15.4/30",
    });
    assert.equal(p.azureASN, 12076);
    assert.equal(p.sharedKey, undefined);
    const a = await admin.expressRouteCircuitAuthorizations.beginCreateOrUpdateAndWait("rg1", "n1", "a1", {});
    assert.equal(a.authorizationUseStatus, "Available");
    assert.equal(typeof (await circuits.getStats("rg1", "n1")).primarybytesIn, "number");
    assert.equal(typeof (await circuits.getPeeringStats("rg1", "n1", "AzurePrivatePeering")).primarybytesIn, "number");
    for (const list of ["beginListArpTableAndWait", "beginListRoutesTableAndWait", "beginListRoutesTableSummaryAndWait"])
      assert.deepEqual((await circuits[list]("rg1", "n1", "AzurePrivatePeering", "primary")).value, []);
  },
  async "a network with its gateway is linked"() {
    await admin.virtualNetworks.beginCreateOrUpdateAndWait("rg1", "v1", {
      location: "westeurope", addressSpace: { addressPrefixes: ["10.20.0.0/16"] },
      subnets: [{ name: "GatewaySubnet", addressPrefix: "10.20.255.0/27" }],
    });
    await admin.publicIPAddresses.beginCreateOrUpdateAndWait("rg1", "ip1", {
      location: "westeurope", sku: { name: "Standard" }, publicIPAllocationMethod: "Static",
    });
    await admin.virtualNetworkGateways.beginCreateOrUpdateAndWait("rg1", "gw1", {
      location: "westeurope", gatewayType: "ExpressRoute", sku: { name: "ErGw1AZ", tier: "ErGw1AZ" },
      ipConfigurations: [{ name: "default", subnet: { id: id("virtualNetworks/v1/subnets/GatewaySubnet") },
        publicIPAddress: { id: id("publicIPAddresses/ip1") } }],
    });
    const c = await admin.virtualNetworkGatewayConnections.beginCreateOrUpdateAndWait("rg1", "cn1", {
      location: "westeurope", connectionType: "ExpressRoute",
      virtualNetworkGateway1: { id: id("virtualNetworkGateways/gw1") }, peer: { id: id("expressRouteCircuits/n1") },
    });
    assert.equal(c.provisioningState, "Succeeded");
    const e = await refused(circuits.beginDeleteAndWait("rg1", "n1"));
    assert.match(e.code, /^InUse/);
  },
  async "errors are those the SDK knows"() {
    const e = await refused(circuits.get("rg1", "nothing"));
    assert.equal(e.name, "RestError");
    assert.equal(e.code, "ResourceNotFound");
    assert.equal(e.statusCode, 404);
  },
  async "everything is deleted in its order"() {
    await admin.virtualNetworkGatewayConnections.beginDeleteAndWait("rg1", "cn1");
    await admin.virtualNetworkGateways.beginDeleteAndWait("rg1", "gw1");
    await admin.virtualNetworks.beginDeleteAndWait("rg1", "v1");
    await admin.publicIPAddresses.beginDeleteAndWait("rg1", "ip1");
    await admin.expressRouteCircuitPeerings.beginDeleteAndWait("rg1", "n1", "AzurePrivatePeering");
    const [x] = await all(provider.expressRouteCrossConnections.list());
    x.serviceProviderProvisioningState = "NotProvisioned";
    await provider.expressRouteCrossConnections.beginCreateOrUpdateAndWait(x.id.split("/")[4], x.name, x);
    await circuits.beginDeleteAndWait("rg1", "n1");
    assert.equal((await all(circuits.list("rg1"))).length, 0);
    assert.equal((await all(provider.expressRouteCrossConnections.list())).length, 0);
  },
};

let failed = 0;
for (const [name, play] of Object.entries(chapters)) {
  try {
    await play();
    console.log(`ok   ${name}`);
  } catch (e) {
    failed++;
    console.log(`FAIL ${name}\n${e.stack ?? e}`);
  }
}
console.log(`${Object.keys(chapters).length - failed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
