/* cli/az_setup.c - fairlead az-setup: a folder in which Debian's az works against a control plane,
 * and nothing of the user's own az is touched: configuration, cloud, certificate authority and
 * login are in that folder, and so is a program `az` that uses them.
 *
 * Two repairs of what Debian 12 ships (azure-cli 2.45.0 with python3-azure 20230112): the CLI asks
 * for the network module of a version that the library lacks, so every "az network" command ends in
 * an AttributeError; its nearest neighbour in the library is put in its place, in memory, and only
 * where the named one is missing. And the current folder is kept off Python's search path. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <jansson.h>
#include "cli/command.h"
#include "cli/options.h"
#include "sys/process.h"
#include "sys/whole_file.h"

enum { PRIVATE = 0600, PRIVATE_RUN = 0700, STEP_S = 120 };

struct setup {
    const char *state, *dir, *cloud, *account_name;
    char folder[PATH_MAX], az[PATH_MAX + 16];
    json_t *account;
    struct text why;
};

static const char repair[] =
    "# Written by fairlead az-setup: runs the system's azure-cli, repaired where Debian 12 needs "
    "it.\n"
    "import importlib\n"
    "import importlib.abc\n"
    "import importlib.util\n"
    "import runpy\n"
    "import sys\n"
    "\n"
    "from azure.cli.core.profiles import _shared as shared\n"
    "\n"
    "NETWORK = 'azure.mgmt.network'\n"
    "\n"
    "\n"
    "def module_of(version):\n"
    "    return f\"{NETWORK}.v{version.replace('-', '_')}\"\n"
    "\n"
    "\n"
    "def missing(name):\n"
    "    return importlib.util.find_spec(name) is None\n"
    "\n"
    "\n"
    "def versions():\n"
    "    \"\"\"Those the library has, oldest first.\"\"\"\n"
    "    import pkgutil\n"
    "    import azure.mgmt.network as network\n"
    "    names = [m.name[1:].replace('_', '-') for m in pkgutil.iter_modules(network.__path__)\n"
    "             if m.ispkg and m.name.startswith('v20')]\n"
    "    return sorted(names)\n"
    "\n"
    "\n"
    "class Operations(importlib.abc.MetaPathFinder, importlib.abc.Loader):\n"
    "    \"\"\"The CLI looks for <version>.operations; this library keeps them one level "
    "up.\"\"\"\n"
    "\n"
    "    def __init__(self, name):\n"
    "        self.name = name\n"
    "\n"
    "    def find_spec(self, name, path=None, target=None):\n"
    "        return importlib.util.spec_from_loader(name, self) if name == self.name else None\n"
    "\n"
    "    def create_module(self, spec):\n"
    "        return importlib.import_module(NETWORK + '.operations')\n"
    "\n"
    "    def exec_module(self, module):\n"
    "        pass\n"
    "\n"
    "\n"
    "profile = shared.AZURE_API_PROFILES['latest']\n"
    "wanted = profile[shared.ResourceType.MGMT_NETWORK]\n"
    "if isinstance(wanted, str) and missing(module_of(wanted)):\n"
    "    have = versions()\n"
    "    near = next((v for v in have if v >= wanted), have[-1] if have else None)\n"
    "    if near:\n"
    "        profile[shared.ResourceType.MGMT_NETWORK] = near\n"
    "        if missing(module_of(near) + '.operations'):\n"
    "            sys.meta_path.append(Operations(module_of(near) + '.operations'))\n"
    "if __name__ == '__main__':\n"
    "    sys.argv[0] = 'az'\n"
    "    runpy.run_module('azure.cli', run_name='__main__', alter_sys=True)\n";

static bool fail(struct setup *s, const char *what)
{
    text_addf(&s->why, "%s", what);
    return false;
}

static const char *account_text(const struct setup *s, const char *key)
{
    const char *v = json_string_value(json_object_get(s->account, key));
    return v ? v : "";
}

/* --- what is read --- */

static bool read_account(struct setup *s)
{
    char file[PATH_MAX];
    struct stat is;
    json_error_t fault;
    const char *from = s->state ? s->state : getenv("FAIRLEAD_STATE");
    if (!from || !*from) from = DEFAULT_STATE;
    bool directory = stat(from, &is) == 0 && S_ISDIR(is.st_mode);
    snprintf(file, sizeof file, directory ? "%s/%s.json" : "%s", from, s->account_name);
    s->account = json_load_file(file, 0, &fault);
    if (s->account) return true;
    text_addf(&s->why,
              "cannot read the account %s: %s; --state names a state directory of fairleadd", file,
              fault.text);
    return false;
}

/* --- what is written --- */

/* `before`, and a word of a shell script, whatever is in it. */
static void add_word(struct text *t, const char *before, const char *value)
{
    text_addf(t, "%s'", before);
    for (; *value; value++) {
        if (*value == '\'')
            text_add(t, "'\\''");
        else
            text_add_n(t, value, 1);
    }
    text_add(t, "'");
}

static bool write_in(struct setup *s, const char *name, const char *text, unsigned mode)
{
    char path[PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/%s", s->folder, name);
    return file_write(path, text, strlen(text), mode, &s->why);
}

/* Debian's CLI is a module of the system's Python; any other `az` is run as it is. */
static bool write_program(struct setup *s)
{
    struct text t = {0};
    text_add(&t, "#!/bin/sh\n# Written by fairlead az-setup.\n");
    add_word(&t, "export AZURE_CONFIG_DIR=", s->folder), text_add(&t, "/config\n");
    add_word(&t, "export REQUESTS_CA_BUNDLE=", account_text(s, "caFile")), text_add(&t, "\n");
    text_add(&t, "export AZURE_CORE_COLLECT_TELEMETRY=false AZURE_CORE_SURVEY_MESSAGE=false\n"
                 "export AZURE_EXTENSION_USE_DYNAMIC_INSTALL=no AZURE_CORE_NO_COLOR=true\n"
                 "if /usr/bin/python3 -P -c 'import azure.cli' 2>/dev/null; then\n");
    add_word(&t, "    exec /usr/bin/python3 -P ", s->folder), text_add(&t, "/az.py \"$@\"\n");
    /* Not this program again, should its folder be on the path. */
    add_word(&t, "fi\nPATH=$(printf %s \"$PATH\" | tr : '\\n' | grep -vxF ", s->folder);
    text_add(&t, " | paste -sd:)\nexec az \"$@\"\n");
    bool written =
        write_in(s, "az", text_get(&t), PRIVATE_RUN) && write_in(s, "az.py", repair, PRIVATE);
    text_drop(&t);
    return written;
}

static bool make_folder(struct setup *s)
{
    char config[PATH_MAX + 16];
    if (!file_directory(s->dir, PRIVATE_RUN, &s->why)) return false;
    if (!realpath(s->dir, s->folder)) return fail(s, "the folder's path cannot be found");
    snprintf(config, sizeof config, "%s/config", s->folder);
    snprintf(s->az, sizeof s->az, "%s/az", s->folder);
    return file_directory(config, PRIVATE_RUN, &s->why) && write_program(s);
}

/* --- what is run --- */

static bool az(struct setup *s, const char *what, const char *const *words)
{
    enum { WORDS = 16 };
    const char *argv[WORDS + 2] = {s->az};
    struct text out = {0};
    for (size_t i = 0; words[i] && i < WORDS; i++) argv[i + 1] = words[i];
    int status =
        process_run(&(struct process_spec){.argv = argv}, NULL, duration_s(STEP_S), &out, &s->why);
    if (status > 0) text_addf(&s->why, "az could not %s: %s", what, text_get(&out));
    if (status == 127) text_add(&s->why, "; is azure-cli installed?");
    text_drop(&out);
    return status == 0;
}

static bool register_cloud(struct setup *s)
{
    const char *endpoint = account_text(s, "endpoint");
    struct text out = {0}, ignored = {0};
    const char *const known[] = {s->az, "cloud", "show", "-n", s->cloud, NULL};
    const char *const register_it[] = {
        "cloud", "register", "-n", s->cloud, "--endpoint-resource-manager", endpoint, NULL};
    const char *const update_it[] = {
        "cloud", "update", "-n", s->cloud, "--endpoint-resource-manager", endpoint, NULL};
    const char *const set[] = {"cloud", "set", "-n", s->cloud, NULL};
    bool there = process_run(&(struct process_spec){.argv = known}, NULL, duration_s(STEP_S), &out,
                             &ignored) == 0;
    text_drop(&out), text_drop(&ignored);
    return az(s, "register the cloud", there ? update_it : register_it) &&
           az(s, "select the cloud", set);
}

/* The secret goes by a file that is gone afterwards: arguments can be seen by everybody. */
static bool sign_in(struct setup *s)
{
    char at_file[PATH_MAX + 16];
    const char *client = account_text(s, "clientId"), *tenant = account_text(s, "tenantId");
    snprintf(at_file, sizeof at_file, "@%s/secret", s->folder);
    const char *const words[] = {"login",    "--service-principal",
                                 "-u",       client,
                                 "-p",       at_file,
                                 "--tenant", tenant,
                                 "--output", "none",
                                 NULL};
    bool fine =
        write_in(s, "secret", account_text(s, "clientSecret"), PRIVATE) && az(s, "sign in", words);
    unlink(at_file + 1);
    return fine;
}

static void print_use(const struct setup *s)
{
    printf("az is set up in %s, signed in as %s of %s\n\n"
           "  %s network express-route list --output table\n\n"
           "For this shell, so that `az` means it:\n\n"
           "  export PATH=%s:$PATH\n",
           s->folder, s->account_name, account_text(s, "endpoint"), s->az, s->folder);
}

static int az_setup(int argc, char **argv)
{
    struct setup s = {.dir = NULL, .cloud = "Fairlead", .account_name = "admin"};
    const char *words[1];
    const struct option_row rows[] = {
        {"--state", NULL, &s.state, NULL},
        {"--account", NULL, &s.account_name, NULL},
        {"--cloud", NULL, &s.cloud, NULL},
        {0},
    };
    int n = options_read(rows, argc, argv, words, 1);
    if (n < 0) return EXIT_USAGE;
    if (n == 0)
        return fprintf(stderr, "fairlead: az-setup needs the folder to set up\n"), EXIT_USAGE;
    s.dir = words[0];
    bool fine = read_account(&s) && make_folder(&s) && register_cloud(&s) && sign_in(&s);
    if (fine)
        print_use(&s);
    else
        fprintf(stderr, "fairlead: %s\n", text_get(&s.why));
    json_decref(s.account);
    text_drop(&s.why);
    return fine ? EXIT_FINE : EXIT_ERROR;
}

const struct command az_commands[] = {
    {.noun = "az-setup",
     .args = "DIR [--state DIR|FILE] [--account admin] [--cloud Fairlead]",
     .help = "makes a folder in which the stock az works against a control plane",
     .run = az_setup},
    {0},
};
