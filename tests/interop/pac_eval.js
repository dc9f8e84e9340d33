// Evaluates a PAC file as a browser would: stdin {"pac": text, "hosts": [...]}, stdout [answers].
// The three helper functions are those every browser brings; shExpMatch knows * and ?.
const vm = require('vm');
const input = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const scope = {
  isPlainHostName: host => !host.includes('.'),
  dnsDomainIs: (host, domain) => host.endsWith(domain),
  shExpMatch: (text, pattern) => new RegExp('^' + pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '.*').replace(/\?/g, '.') + '$').test(text),
};
vm.createContext(scope);
vm.runInContext(input.pac, scope, { timeout: 5000 });
process.stdout.write(JSON.stringify(input.hosts.map(
  host => scope.FindProxyForURL('https://' + host + '/', host))));
