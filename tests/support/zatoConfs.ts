import { spawnSync } from "node:child_process";
import { join } from "node:path";

// Complete configuration files as each version of Zato creates them, made of the facts in
// docs/zato.md: its stanzas and keys, and every form that stands in one of them somewhere
// (comments after values, quotes, lists, blanks around `=`, nested stanzas, keys such as `*`,
// non-ASCII text).

/** An encrypted empty text, which a new scheduler has where nobody gave a password. */
export const emptyToken = `gAAAAABl${"Zx9_-kQ2".repeat(12).slice(0, 90)}==`;

const sentinelKeys =
  "use_redis_sentinels=False\nredis_sentinels=\nredis_sentinels_master=\nshadow_password_in_logs=True\nlog_connection_info_sleep_time=5 # In seconds\n";

function kvdb(host: string, port: string, password: string): string {
  return `[kvdb]\nhost=${host}\nport=${port}\nunix_socket_path=\npassword=${password}\ndb=0\nsocket_timeout=\ncharset=\nerrors=\n${sentinelKeys}`;
}

const secret = (name: string) => `zato+secret://zato.server_conf.${name}`;
const crypto = `[crypto]
use_tls=False
tls_ciphers=ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-SHA384:!aNULL:!DSS
tls_client_certs=optional
priv_key_location=zato-server-priv-key.pem
`;
const odb = (password: string) => `[odb]
db_name=zato
engine=postgresql+pg8000
extra=echo=False
host=localhost
port=5432
password=${password}
pool_size=15
username=zato1
use_async_driver=True
`;
const patterns = ["deploy_patterns_allowed", "invoke_patterns_allowed"]
  .map((name) => `[${name}]\norder=true_false\n*=True\n`)
  .join("\n");
const firstWorker = `[startup_services_first_worker]
zato.helpers.input-logger=Sample payload (first worker)
zato.notif.init-notifiers=
pub.zato.cleanup={"a": 1}
`;
const anyWorker = "[startup_services_any_worker]\nzato.helpers.input-logger=Sample payload\n";
const contentTypes = `[content_type]
json = application/json
plain_xml = application/xml
soap12 = application/soap+xml; charset=utf-8
`;
const hotDeploy = (workDir: boolean, batches: boolean) => `[hot_deploy]
pickup_dir=../../pickup/incoming/services
${workDir ? "work_dir=../../work\n" : ""}backup_history=100
backup_format=bztar
delete_after_pick_up=False
${batches ? "max_batch_size=1000 # In kilobytes\nredeploy_on_parent_change=True\n" : ""}
# Relative to work_dir
current_work_dir=./hot-deploy/current
backup_work_dir=./hot-deploy/backup
`;
const misc = `[misc]
return_internal_objects=False
initial_cluster_name=größe-1
queue_build_cap=30 # In seconds, for all queues
http_proxy=
zeromq_connect_sleep=0.1
default_error_message="An error has occurred"
service_invoker_allow_internal="pub.zato.ping", "/zato/api/invoke/service_name"
`;
const preferred = `[preferred_address]
address=
ip=10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, eth0
`;
const rest = `[rbac]
custom_auth_list_service=

[[auth_type_hook]]

[component_enabled]
stats=True
cassandra=True

[shmem]
size=0.1 # In MB

[os_environ]
sample_key=sample_value

[url_prefix]
/zato/{name}/*=z
`;
const singleton = "[singleton]\ninitial_sleep_time=2500\ngrace_time_multiplier=3\n";
const main = (token: string, workDir: boolean) => `[main]
gunicorn_bind=0.0.0.0:17010
gunicorn_workers=2
gunicorn_user=
${workDir ? "\nwork_dir=../../work\n" : ""}
deployment_lock_expires=1073741824 # 2 ** 30 seconds ≅ 34 years
token=${token}
service_sources=./service-sources.txt
`;

const newer = (kvdbStanza: string, ...parts: string[]) =>
  [
    main(secret("main.token"), true),
    "[http_response]\nserver_header=Zato\ncode_400_message=400 Bad Request\n",
    crypto,
    odb(secret("odb.password")),
    hotDeploy(false, true),
    patterns,
    misc,
    "[events]\nfs_data_path = ./events\nsync_threshold = 30_000\n",
    kvdbStanza,
    ...parts,
    anyWorker,
    contentTypes,
    preferred,
    rest,
    "[greenify]\n#/path/to/libclntsh.so.19.1=True\n\n[command_set_scheduler]\n",
  ].join("\n");
const older = (password: string, batches: boolean, token: string, ...parts: string[]) =>
  [
    main(token, false),
    crypto,
    odb(password),
    hotDeploy(true, batches),
    patterns,
    ...parts,
    misc,
    anyWorker,
    contentTypes,
  ].join("\n");

const new33 = kvdb("", "", secret("kvdb.password"));

/** Version to its server.conf. */
export const serverConfs: Readonly<Record<string, string>> = {
  "1.1": older("", false, "abc", singleton, kvdb("localhost", "6379", "")),
  "2.0": older(
    "",
    false,
    "abc",
    singleton,
    kvdb("localhost", "6379", ""),
    firstWorker,
    "[pubsub]\nmove_to_target_queues_interval=3 # In seconds\n",
  ),
  "3.0": older(
    secret("odb.password"),
    false,
    secret("main.token"),
    kvdb("localhost", "6379", secret("kvdb.password")),
    firstWorker,
    preferred,
  ),
  "3.1": older(
    secret("odb.password"),
    true,
    secret("main.token"),
    kvdb("localhost", "6379", secret("kvdb.password")),
    firstWorker,
    preferred,
    rest,
  ),
  "3.2": newer(new33, firstWorker),
  "3.3": newer(
    new33,
    firstWorker,
    "[scheduler]\nscheduler_host=127.0.0.1\nscheduler_use_tls=False\n",
  ),
  "after 3.3 and before 4.1": newer(new33),
  "4.1": newer(
    "[redis]\nhost=localhost\nport=6379\nusername=\npassword=\ndb=0\nssl=False\nssl_cert_file=\nssl_verify=True\nuse_redis_sentinels=False\nredis_sentinels=\nredis_sentinels_master=\n",
  ),
};

const schedulerConf = `[bind]
host=0.0.0.0
port=31530

[cluster]
id=1
name=größe-1
stats_enabled=True

${odb(emptyToken)}is_active=True

[broker]
host=localhost
port=6379
password=${emptyToken}
db=0
socket_timeout=
charset=
errors=
${sentinelKeys}
[secret_keys]
key1=Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE=

[crypto]
well_known_data=${emptyToken}
use_tls=True
tls_ciphers=EECDH+AES:EDH+AES:-SHA1:!aNULL:!MD5

[api_users]
user1=${emptyToken}
`;

/** Version to its scheduler.conf, where that says where Redis is. */
export const schedulerConfs: Readonly<Record<string, string>> = {
  "3.0": schedulerConf,
  "3.1": schedulerConf.replace("use_tls=True", "use_tls=false"),
};

/** secrets.conf beside the server.conf of 3.0 to 3.3. */
export const secretsConf = `
[secret_keys]
key1=Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE=

[zato]
well_known_data=${emptyToken} # Pi number
server_conf.kvdb.password=${emptyToken}
server_conf.main.token=${emptyToken}
`;

export interface ReadCase {
  version: string;
  file: string;
  stanza: string;
  environment?: Record<string, string>;
}

/** How a version calls redis-py's Sentinel. */
export interface SentinelCall {
  arguments?: unknown[];
  named?: Record<string, unknown>;
  master?: string;
  /** Why it does not. */
  off?: string;
  error?: string;
}

export const zatoProgram = join(import.meta.dirname, "zato.py");

/** Has ConfigObj read files by the rules of a version. */
export function readAsZato(cases: readonly ReadCase[]): SentinelCall[] {
  const { status, stdout, stderr } = spawnSync("/usr/bin/python3", [zatoProgram, "read"], {
    input: JSON.stringify(cases),
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as SentinelCall[];
}
