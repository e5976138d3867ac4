#!/bin/sh
# First messages: from an event to a mail, a prepared message to two people, and what an unsubscribed address still
# gets. Start a fresh server (`./run serve`), then in a second terminal:
#
#     sh docs/tutorial/first-messages.sh
#
# CLARION_URL is where the server listens, CLARION_DATA its data folder, where they are not the default ones. Mail
# lands in the workspace's mailbox until a provider is set: docs/how-to/send-by-smtp.md.
set -eu

url=${CLARION_URL:-http://127.0.0.1:8080}
run=$(dirname "$0")/../../run
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
id=$(date +%s)$$ # makes the addresses of this run new ones
ann=ann$id@example.com
bob=bob$id@example.com
cid=cid$id@example.com

step() { printf '\n== %s\n' "$1"; }

# Name a kind of event, unless it is known already: README's first event may have come before, or this script.
metric() { "$run" metric show "$1" >/dev/null 2>&1 || "$run" metric create "$1"; }

# An automation by its name, live: made, or where it is there already the next version of it.
automation() {
    "$run" automation create "$1" "$2" 2>"$work/said" || "$run" automation edit "$1" "$2"
    "$run" automation publish "$1"
}

# Wait until `clarion message list` shows messages to an address in a state: so many, or one.
wait_for() {
    for _ in $(seq 60); do
        "$run" message list --limit 20 | grep "$1" | grep "$2" >"$work/found" || true
        [ "$(wc -l <"$work/found")" -ge "${3:-1}" ] && cat "$work/found" && return
        sleep 0.5
    done
    echo "no message to $1 is $2" >&2
    "$run" message list --limit 20 >&2
    exit 1
}

step 'A key for each vendor whose API we speak here'
esputnik=$("$run" credential create --workspace demo --dialect esputnik --bare)
smashsend=$("$run" credential create --workspace demo --dialect smashsend --bare)

step 'A mail with holes, and a workflow that sends it when an event comes'
cat >"$work/discount.html" <<'HTML'
<p>Your discount is $!data.get('discount'). <a href="$!data.get('link')">See what is on sale</a></p>
HTML
cat >"$work/discount.json" <<'JSON'
{"trigger": {"type": "event", "metric": "dynamicEvent"}, "start": "mail",
 "nodes": {"mail": {"type": "send", "template": "discount", "next": "end"}, "end": {"type": "exit"}}}
JSON
"$run" template create discount --subject "\$!data.get('discount') off" --html "$work/discount.html"
metric dynamicEvent
automation Discount "$work/discount.json"

step 'The event, as the vendor takes it; the mail within seconds'
curl -sSf -w '\n' -u "user:$esputnik" "$url/api/v1/event" -H 'Content-Type: application/json' -d '{
  "eventTypeKey": "dynamicEvent",
  "keyValue": "'"$ann"'",
  "params": [{"name": "discount", "value": "5%"},
             {"name": "link", "value": "https://example.site.com/items_for_sale"}]}'
wait_for "$ann" accepted

step 'A prepared message: the same mail to two people, each with what they bought'
cat >"$work/receipt.html" <<'HTML'
<p>Order $!data.get('order')</p>
<ul>#foreach($item in $data.get('items'))<li>$item.get('name'): $item.get('price')</li>#end</ul>
HTML
"$run" template create receipt --transactional --subject "Order \$!data.get('order')" --html "$work/receipt.html"
number=$("$run" template show receipt --json | sed -n 's/.*"number": *\([0-9]*\).*/\1/p' | head -n 1)
curl -sSf -w '\n' -u "user:$esputnik" "$url/api/v1/message/$number/smartsend" -H 'Content-Type: application/json' -d '{
  "recipients": [
    {"locator": "'"$bob"'",
     "jsonParam": "{\"order\": 7, \"items\": [{\"name\": \"Cup\", \"price\": 4.5}, {\"name\": \"Tea\", \"price\": 3}]}"},
    {"locator": "'"$cid"'",
     "jsonParam": "{\"order\": 8, \"items\": [{\"name\": \"Lamp\", \"price\": 40}]}"}]}' | tee "$work/answer.json"
wait_for "$bob" accepted
wait_for "$cid" accepted

step 'What became of them, in the words of the vendor'
ids=$(grep -o '"requestId": *"[^"]*"' "$work/answer.json" | cut -d '"' -f 4 | paste -s -d , -)
curl -sSf -w '\n' -u "user:$esputnik" "$url/api/v1/message/status?ids=$ids"

step 'Bob wants no more mail: nothing that is sent in bulk, and his receipts still'
curl -sSf -w '\n' -u "user:$esputnik" "$url/api/v1/emails/unsubscribed/add" -H 'Content-Type: application/json' \
    -d '{"emails": ["'"$bob"'"]}'
curl -sSf -w '\n' -u "user:$esputnik" "$url/api/v1/event" -H 'Content-Type: application/json' -d '{
  "eventTypeKey": "dynamicEvent", "keyValue": "'"$bob"'", "params": [{"name": "discount", "value": "9%"}]}'
wait_for "$bob" suppressed
curl -sSf -w '\n' -u "user:$esputnik" "$url/api/v1/message/$number/smartsend" -H 'Content-Type: application/json' -d '{
  "recipients": [{"locator": "'"$bob"'", "jsonParam": "{\"order\": 9, \"items\": []}"}]}'
wait_for "$bob" accepted 2

step "A second vendor's API, the same people: a welcome to whoever signs up"
echo '<p>Welcome, $!profile.first_name.</p>' >"$work/welcome.html"
cat >"$work/welcome.json" <<'JSON'
{"trigger": {"type": "event", "metric": "user.signup"}, "start": "mail",
 "nodes": {"mail": {"type": "send", "template": "welcome", "next": "end"}, "end": {"type": "exit"}}}
JSON
"$run" template create welcome --subject Welcome --html "$work/welcome.html"
metric user.signup
automation Welcome "$work/welcome.json"
curl -sSf -w '\n' "$url/v1/events" -H "Authorization: Bearer $smashsend" -H 'Content-Type: application/json' -d '{
  "event": "user.signup",
  "identify": {"email": "'"dee$id@example.com"'", "traits": {"firstName": "Dee"}},
  "properties": {"source": "website"}}'
wait_for "dee$id@example.com" accepted

step 'All of it'
"$run" message list --limit 10
echo 'Look further: clarion message show ID --raw, clarion message explain ID'
