// redis-rs FILE: writes one key after the other; FILE gets a line for each that was acknowledged: the key, and when (ms).
mod client;

use std::io::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let file = std::env::args().nth(1).expect("a file");
    let mut acknowledged = std::fs::OpenOptions::new().append(true).create(true).open(file).expect("a file that can be written");
    let mut redis = client::Master::new().expect("places of sentinels");
    for index in 1u64.. {
        let key = format!("redis-rs:{index}");
        if let Err(error) = redis.query::<()>(redis::cmd("SET").arg(&key).arg(&key)).await {
            eprintln!("{error}");
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time").as_millis();
        writeln!(acknowledged, "{key} {now}").expect("room");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
