# A circuit, its private peering and a linked network, ordered from Fairlead by Terraform's azurerm provider.
#
#   export ARM_METADATA_HOSTNAME=localhost:8443          # the provider puts https:// before it
#   export ARM_TENANT_ID=...  ARM_SUBSCRIPTION_ID=...    # from admin.json in fairleadd's state directory
#   export ARM_CLIENT_ID=...  ARM_CLIENT_SECRET=...
#   export SSL_CERT_FILE=.../ca.pem
#   terraform init && terraform apply
#
# The connection needs a circuit that its provider has provisioned: apply with -var linked=false first, let the
# provider move its cross-connection to Provisioned, then apply again.

terraform {
  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = "~> 4.0"
    }
  }
}

provider "azurerm" {
  features {}
  resource_provider_registrations = "none" # every namespace that is there is registered
}

variable "linked" {
  type    = bool
  default = true
}

resource "azurerm_resource_group" "interconnect" {
  name     = "interconnect"
  location = "westeurope"
}

resource "azurerm_express_route_circuit" "amsterdam" {
  name                  = "er-amsterdam"
  resource_group_name   = azurerm_resource_group.interconnect.name
  location              = azurerm_resource_group.interconnect.location
  service_provider_name = "Equinix"
  peering_location      = "Amsterdam"
  bandwidth_in_mbps     = 200

  sku {
    tier   = "Standard"
    family = "MeteredData"
  }
}

resource "azurerm_express_route_circuit_peering" "private" {
  peering_type                  = "AzurePrivatePeering"
  express_route_circuit_name    = azurerm_express_route_circuit.amsterdam.name
  resource_group_name           = azurerm_resource_group.interconnect.name
  peer_asn                      = 65010
  vlan_id                       = 100
  primary_peer_address_prefix   = "192.168.15.0/30"
  secondary_peer_address_prefix = "192.168.15.4/30"
}

resource "azurerm_virtual_network" "spoke" {
  name                = "spoke"
  resource_group_name = azurerm_resource_group.interconnect.name
  location            = azurerm_resource_group.interconnect.location
  address_space       = ["10.20.0.0/16"]
}

resource "azurerm_subnet" "gateway" {
  name                 = "GatewaySubnet"
  resource_group_name  = azurerm_resource_group.interconnect.name
  virtual_network_name = azurerm_virtual_network.spoke.name
  address_prefixes     = ["10.20.255.0/27"]
}

resource "azurerm_public_ip" "gateway" {
  name                = "gw-ip"
  resource_group_name = azurerm_resource_group.interconnect.name
  location            = azurerm_resource_group.interconnect.location
  allocation_method   = "Static"
  sku                 = "Standard"
}

resource "azurerm_virtual_network_gateway" "spoke" {
  name                = "gw-spoke"
  resource_group_name = azurerm_resource_group.interconnect.name
  location            = azurerm_resource_group.interconnect.location
  type                = "ExpressRoute"
  sku                 = "ErGw1AZ"

  ip_configuration {
    name                 = "default"
    subnet_id            = azurerm_subnet.gateway.id
    public_ip_address_id = azurerm_public_ip.gateway.id
  }
}

resource "azurerm_virtual_network_gateway_connection" "spoke" {
  count                      = var.linked ? 1 : 0
  name                       = "spoke-to-amsterdam"
  resource_group_name        = azurerm_resource_group.interconnect.name
  location                   = azurerm_resource_group.interconnect.location
  type                       = "ExpressRoute"
  virtual_network_gateway_id = azurerm_virtual_network_gateway.spoke.id
  express_route_circuit_id   = azurerm_express_route_circuit.amsterdam.id
}

output "service_key" {
  value     = azurerm_express_route_circuit.amsterdam.service_key
  sensitive = true
}
