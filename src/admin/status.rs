//! `GET /admin/supervisor`: the whole tree with every process, and the figures of the house.

use std::sync::atomic::Ordering;

use actix_web::{HttpResponse, web};
use guildhall_process::{ProcessInfo, Restart, TreeNode};
use serde_json::{Value, json};

use crate::hall::{Hall, HallRef};
use crate::persistence::Saving;
use crate::{clock, names, presence, retention};

pub(super) async fn supervisor(hall: web::Data<Hall>) -> HttpResponse {
    HttpResponse::Ok().json(status(&hall.into_inner()).await)
}

/// The whole status. A part whose process does not answer is `null`, and the rest is there all the same.
pub async fn status(hall: &HallRef) -> Value {
    let tree = hall
        .root
        .get()
        .and_then(|root| guildhall_process::tree(*root));
    let sockets = guildhall_process::processes()
        .into_iter()
        .filter(|info| info.kind == "socket")
        .map(|info| process(&info));
    json!({
        "build": env!("CARGO_PKG_VERSION"),
        "uptime_ms": millis(hall.now()),
        "at_us": hall.now_us(),
        "clock": clock::status(hall),
        "tree": tree.as_ref().map(node),
        "sockets": sockets.collect::<Vec<_>>(),
        "sessions": sessions(hall).await,
        "persistence": persistence_figures(hall),
        "names": name_figures(hall).await,
        "guilds": { "ships_missing": hall.ships_missing.load(Ordering::Relaxed) },
        "retention": retention_figures(hall).await,
        "pools": {
            "readers": pool(&hall.readers.pool()),
            "files": pool(&hall.files),
            "passwords": pool(&hall.passwords),
        },
    })
}

fn node(node: &TreeNode) -> Value {
    let mut shown = process(&node.info);
    let children = node.children.iter().map(self::node).collect();
    if let Value::Object(fields) = &mut shown {
        fields.insert("children".to_string(), Value::Array(children));
    }
    shown
}

/// One process as the status shows it. Pids are text, times milliseconds.
fn process(info: &ProcessInfo) -> Value {
    let pids =
        |pids: &[guildhall_process::Pid]| pids.iter().map(ToString::to_string).collect::<Vec<_>>();
    let current = info
        .current_message
        .map(|(name, since)| json!({ "type": name, "since_ms": millis(since) }));
    json!({
        "name": info.name,
        "kind": info.kind,
        "class": info.class,
        "pid": info.pid.to_string(),
        "parent": info.parent.map(|pid| pid.to_string()),
        "restart_type": info.restart.map(restart_word),
        "trap_exit": info.trap_exit,
        "registered": info.registered,
        "groups": info.groups,
        "links": pids(&info.links),
        "monitors": pids(&info.monitors),
        "monitored_by": pids(&info.monitored_by),
        "mailbox": { "length": info.mailbox_len, "max": info.mailbox_max },
        "current_message": current,
        "recent_messages": info.recent_messages,
        "timers": info.timers,
        "handled": info.handled,
        "restarts": info.restarts,
        "last_exit_reason": info.last_exit.as_ref().map(ToString::to_string),
        "uptime_ms": millis(info.uptime),
        "run_time_us": u64::try_from(info.run_time.as_micros()).unwrap_or(u64::MAX),
    })
}

fn restart_word(restart: Restart) -> &'static str {
    match restart {
        Restart::Permanent => "permanent",
        Restart::Transient => "transient",
        Restart::Temporary => "temporary",
    }
}

fn millis(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

async fn sessions(hall: &HallRef) -> Value {
    match hall
        .presence
        .call(|reply| presence::Figures { reply })
        .await
    {
        Ok(figures) => json!({
            "here": figures.here,
            "started": figures.started,
            "ended_by_cause": figures.ended,
        }),
        Err(_) => Value::Null,
    }
}

/// From the dirty map itself, which is there while its process is on its way back.
fn persistence_figures(hall: &HallRef) -> Value {
    let Saving { state, stats } = hall.saving();
    json!({
        "state": state.as_str(),
        "dirty": stats.dirty,
        "dirty_bytes": stats.dirty_bytes,
        "in_flight": stats.in_flight,
        "oldest_unsaved_ms": stats.oldest_unsaved_age.map(millis),
        "submitted": stats.submitted,
        "coalesced": stats.coalesced,
        "committed": stats.committed,
        "refused": stats.refused,
        "batches": stats.batches,
        "aborted_batches": stats.aborted,
        "overloaded": stats.overloaded,
        "last_batch_ms": stats.last_batch_ms,
    })
}

async fn name_figures(hall: &HallRef) -> Value {
    match hall.names.call(|reply| names::Figures { reply }).await {
        Ok(figures) => json!({
            "taken": figures.taken,
            "pending": figures.pending,
            "loaded_rows": figures.proof.as_ref().map(|proof| proof.rows),
            "checksum": figures.proof.as_ref().map(ToString::to_string),
            "index_minus_database": figures.compared.as_ref().map(|d| d.index_minus_database),
            "database_minus_index": figures.compared.as_ref().map(|d| d.database_minus_index),
            "compared_at_us": figures.compared.as_ref().map(|d| d.at_us),
            "alarms": figures.alarms,
        }),
        Err(_) => Value::Null,
    }
}

async fn retention_figures(hall: &HallRef) -> Value {
    match hall
        .retention
        .call(|reply| retention::Figures { reply })
        .await
    {
        Ok(forgotten) => json!({
            "history_lines": forgotten.history_lines,
            "refused_writes": forgotten.refused_writes,
            "batches": forgotten.batches,
            "passes": forgotten.passes,
            "last_pass_at_us": forgotten.last_pass_at_us,
            "failed": forgotten.failed,
        }),
        Err(_) => Value::Null,
    }
}

fn pool(pool: &guildhall_process::Pool) -> Value {
    let stats = pool.stats();
    json!({
        "queued": stats.queued,
        "running": stats.running,
        "done": stats.done,
        "panicked": stats.panicked,
        "threads": stats.threads,
        "threads_replaced": stats.replaced,
    })
}
