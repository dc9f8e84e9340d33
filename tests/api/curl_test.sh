#!/bin/bash
# curl_test.sh BUILD: the life of a circuit with nothing but curl and jq, as docs/clients.md shows it.
set -u
build=$(cd "$1" && pwd)
dir=$(mktemp -d /tmp/fl-curl-XXXXXX)
"$build/fairleadd" --state-dir "$dir/state" --listen 127.0.0.1:0 --pace instant > "$dir/ready" 2> "$dir/log" &
daemon=$!
trap 'kill $daemon; wait $daemon 2>/dev/null; rm -rf "$dir"' EXIT
for _ in $(seq 200); do [ -s "$dir/ready" ] && break; sleep 0.05; done
base=$(cut -d' ' -f2 "$dir/ready")
passed=0 failed=0
check() { # name condition...
    local name=$1; shift
    if "$@"; then passed=$((passed + 1)); echo "ok   $name"; else failed=$((failed + 1)); echo "FAIL $name: $*"; fi
}
same() { [ "$1" = "$2" ]; }

field() { jq -r ".$2" "$dir/state/$1.json"; }
token() { # account
    curl -sS --cacert "$dir/state/ca.pem" "$base/$(field "$1" tenantId)/oauth2/v2.0/token" \
        -d grant_type=client_credentials -d "client_id=$(field "$1" clientId)" \
        --data-urlencode "client_secret=$(field "$1" clientSecret)" --data-urlencode "scope=$base/.default" | jq -r .access_token
}
declare -A bearer
arm() { # account method path [body]; the answer's body in $dir/body, its status on stdout
    local body=()
    [ $# -lt 4 ] || body=(-H 'Content-Type: application/json' -d "$4")
    curl -sS --cacert "$dir/state/ca.pem" -X "$2" "$base$3" -H "Authorization: Bearer ${bearer[$1]}" "${body[@]}" \
        -D "$dir/head" -o "$dir/body" -w '%{http_code}'
}
finish() { # account: polls the operation of the last answer
    local url
    url=$(tr -d '\r' < "$dir/head" | awk 'tolower($1) == "azure-asyncoperation:" {print $2}')
    for _ in $(seq 100); do
        [ -n "$url" ] || return 0
        arm "$1" GET "${url#"$base"}" > /dev/null
        case $(jq -r .status "$dir/body") in Succeeded) return 0 ;; Failed) return 1 ;; esac
        sleep 0.1
    done
    return 1
}
told() { jq -r "$1" "$dir/body"; }

for who in admin provider reader; do bearer[$who]=$(token $who); done
sub=/subscriptions/$(field admin subscriptionId)
net=$sub/resourceGroups/rg/providers/Microsoft.Network
cross=/subscriptions/$(field provider subscriptionId)/providers/Microsoft.Network/expressRouteCrossConnections
v='?api-version=2024-03-01'
circuit='{"location":"westeurope","sku":{"name":"Standard_MeteredData","tier":"Standard","family":"MeteredData"},
 "properties":{"serviceProviderProperties":{"serviceProviderName":"Equinix","peeringLocation":"Amsterdam","bandwidthInMbps":200}}}'
peering='{"properties":{"peeringType":"AzurePrivatePeering","peerASN":65010,"vlanId":100,
 "primaryPeerAddressPrefix":"192.168.15.0/30","secondaryPeerAddressPrefix":"192.168.15.4/30"}}'

check "the certificate wants its authority" bash -c "! curl -s '$base/healthz'"
check "nobody needs a token to see that it is well" same "$(curl -s --cacert "$dir/state/ca.pem" "$base/healthz" | jq -r .status)" ok
check "a group" same "$(arm admin PUT "$sub/resourcegroups/rg?api-version=2021-04-01" '{"location":"westeurope"}')" 201
check "a circuit is ordered" same "$(arm admin PUT "$net/expressRouteCircuits/c1$v" "$circuit")" 201
check "its operation ends" finish admin
arm admin GET "$net/expressRouteCircuits/c1$v" > /dev/null
key=$(told .properties.serviceKey)
check "it has a service key" same "${#key}" 36
arm provider GET "$cross$v" > /dev/null
told ".value[] | select(.name == \"$key\") | .properties.serviceProviderProvisioningState = \"Provisioned\"" > "$dir/cross"
x=$(jq -r .id "$dir/cross")
check "the provider provisions it" same "$(arm provider PUT "$x$v" "$(cat "$dir/cross")")" 200
check "and that ends" finish provider
check "the customer may not" same "$(arm admin PUT "$x$v" "$(cat "$dir/cross")")" 403
check "a reader may not write" same "$(arm reader PUT "$net/expressRouteCircuits/c1$v" "$circuit")" 403
check "a peering" same "$(arm admin PUT "$net/expressRouteCircuits/c1/peerings/AzurePrivatePeering$v" "$peering")" 201
check "and that ends too" finish admin
arm admin GET "$net/expressRouteCircuits/c1$v" > /dev/null
check "the circuit shows both" same "$(told '.properties.serviceProviderProvisioningState + " " + .properties.peerings[0].properties.provisioningState')" "Provisioned Succeeded"
check "a held circuit is not deleted" same "$(arm admin DELETE "$net/expressRouteCircuits/c1$v")" 409
jq '.properties.serviceProviderProvisioningState = "NotProvisioned"' "$dir/cross" > "$dir/free"
check "the provider lets go" same "$(arm provider PUT "$x$v" "$(cat "$dir/free")")" 200
check "it does" finish provider
check "the circuit is deleted" same "$(arm admin DELETE "$net/expressRouteCircuits/c1$v" | cut -c1)" 2
finish admin
check "and gone" same "$(arm admin GET "$net/expressRouteCircuits/c1$v")" 404
check "with its cross-connection" same "$(arm provider GET "$x$v")" 404
echo "$passed passed, $failed failed"
[ $failed = 0 ]
