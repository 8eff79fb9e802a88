//! Requests to real supervisors, and their answers and tables in the words of the cases.

use std::pin::Pin;

use guildhall_process::{
    ChildError, ChildInfo, ChildStatus, DynamicRef, Pid, Placement, StartError, SupervisorRef,
};

use super::super::case::{Answer, At, Body, Id, Name, Request};
use super::record::Record;
use super::worker::Worker;
use super::{AT_ONCE, Stage, tree};

pub type Answering = Pin<Box<dyn Future<Output = Option<Answer>>>>;

impl Stage {
    pub(super) fn ask(&self, who: Id, request: Request, child: Name) -> Option<Answering> {
        let process = self.record.supervisor(who)?;
        let id = child.to_string();
        let record = self.record.clone();
        let started = move |pid| Answer::Started(record.id(pid).expect("a known child"));
        let record = self.record.clone();
        Some(match request {
            Request::Terminate => {
                let answer = process.terminate_child(&id);
                Box::pin(async move { said(answer.await.map(|()| Answer::Ok), &record) })
            }
            Request::Restart => {
                let answer = process.restart_child(&id);
                Box::pin(async move { said(answer.await.map(started), &record) })
            }
            Request::Delete => {
                let answer = process.delete_child(&id);
                Box::pin(async move { said(answer.await.map(|()| Answer::Ok), &record) })
            }
            Request::Start => {
                let answer = process.start_child(tree::child(&self.specs, child, &record));
                Box::pin(async move { said(answer.await.map(started), &record) })
            }
        })
    }

    pub(super) async fn table(&self, process: &SupervisorRef) -> Vec<(Name, At)> {
        let list = tokio::time::timeout(AT_ONCE, process.which_children()).await;
        let list = list.expect("an idle supervisor answers at once");
        let row = |child: ChildInfo| (child.id.parse().unwrap(), self.at(child.status));
        list.unwrap().into_iter().map(row).collect()
    }

    pub(super) fn ask_dynamic(
        &self,
        process: &DynamicRef,
        request: Request,
        child: Name,
        last: Option<Id>,
    ) -> Option<Answering> {
        let spec = &self.specs[usize::from(child)];
        let Body::Worker(worker) = spec.body else {
            return None;
        };
        let record = self.record.clone();
        Some(match request {
            Request::Start => {
                let (name, r) = (Some(child.to_string()), record.clone());
                let make = move || Worker::new(child, worker, &r);
                let answer = process.start_child(name, spec.restart, Placement::Here, make);
                Box::pin(async move {
                    match answer.await {
                        Ok(process) => Some(Answer::Started(record.id(process.pid())?)),
                        Err(StartError::Init(_)) => Some(Answer::Failed),
                        Err(StartError::BadSpec(_)) => Some(Answer::BadSpec),
                        // A supervisor that died answers nothing.
                        Err(StartError::NoProc) => None,
                        Err(other) => panic!("{other}"),
                    }
                })
            }
            _ => {
                let pid = last.map_or(Pid::OUTSIDE, |last| self.record.pid(last));
                let answer = process.terminate_child(pid);
                Box::pin(async move { said(answer.await.map(|()| Answer::Ok), &record) })
            }
        })
    }

    pub(super) async fn dynamic_table(&self, process: &DynamicRef) -> Vec<(Name, At)> {
        let list = tokio::time::timeout(AT_ONCE, process.which_children()).await;
        let list = list.expect("an idle supervisor answers at once").unwrap();
        let name = |name: Option<String>| name.unwrap().parse().unwrap();
        let row =
            |child: guildhall_process::DynamicChildInfo| (name(child.name), self.at(child.status));
        list.into_iter().map(row).collect()
    }

    fn at(&self, status: ChildStatus) -> At {
        match status {
            ChildStatus::Stopped => At::Undefined,
            ChildStatus::Restarting => At::Restarting,
            ChildStatus::Running(pid) => At::Pid(self.record.id(pid).expect("a known child")),
        }
    }
}

fn said(answer: Result<Answer, ChildError>, record: &Record) -> Option<Answer> {
    Some(match answer {
        Ok(answer) => answer,
        Err(ChildError::NotFound) => Answer::NotFound,
        Err(ChildError::Running) => Answer::Running,
        Err(ChildError::Restarting) => Answer::Restarting,
        Err(ChildError::AlreadyPresent) => Answer::Present,
        Err(ChildError::AlreadyStarted(pid)) => Answer::AlreadyStarted(record.id(pid)?),
        Err(ChildError::Start(_)) => Answer::Failed,
        // A supervisor that died answers nothing.
        Err(ChildError::NoProc) => return None,
        Err(ChildError::BadSpec(_)) => Answer::BadSpec,
        Err(ChildError::Full) => panic!("no mailbox is full here"),
    })
}
