//! `GET /v1/boards/{board}/revisions/{revision}`: the bytes of a revision, for members of its campaign, as
//! the live campaign says. Range and ETag come from actix-files; the type is fixed and never sniffed, so
//! that a board cannot be a script.

use actix_files::NamedFile;
use actix_web::http::header::{
    self, ContentDisposition, DispositionType, EntityTag, HeaderValue, IfNoneMatch,
};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use guildhall_protocol::{Code, Refusal};
use guildhall_rules::rights::CampaignAct;
use guildhall_store::blobs::{self, BlobStore};
use guildhall_store::queries;
use uuid::Uuid;

use super::HttpRefusal;
use crate::auth;
use crate::campaign::Campaign;
use crate::hall::Hall;

/// See the file's head.
pub(super) async fn download(
    hall: web::Data<Hall>,
    request: HttpRequest,
    path: web::Path<(Uuid, u32)>,
) -> Result<HttpResponse, HttpRefusal> {
    let hall = hall.into_inner();
    let (board, revision) = path.into_inner();
    let identity = auth::identify_request(&hall, &request).await?;
    let missing = || Refusal::new(Code::NotFound, "There is no such revision.");
    let row = hall
        .read(move |conn| queries::board_by_id(conn, board))
        .await?
        .ok_or_else(missing)?;
    let revision = hall
        .read(move |conn| queries::revision(conn, board, revision))
        .await?
        .ok_or_else(missing);
    // A side revision is a GM's to look at; a stranger learns neither that it is nor that it is not.
    let act = match &revision {
        Ok(revision) if revision.is_side => CampaignAct::SeeSideRevisions,
        _ => CampaignAct::OpenBoard,
    };
    Campaign::check(&hall, row.campaign_id, identity.account, act).await?;
    let revision = revision?;
    let hash = blobs::hex(&revision.hash);
    let tag = EntityTag::new_strong(hash.clone());
    if has_already(&request, &tag) {
        return Ok(HttpResponse::NotModified()
            .insert_header(header::ETag(tag))
            .finish());
    }
    let file = NamedFile::open(hall.blobs.path(&revision.hash)).map_err(|error| {
        log::error!(board = board.to_string(), hash = hash.as_str(); "content is missing: {error}");
        Refusal::new(
            Code::Unavailable,
            "The content of this revision cannot be read.",
        )
    })?;
    let mut response = file
        .set_content_type(mime_octets())
        .set_content_disposition(ContentDisposition {
            disposition: DispositionType::Attachment,
            parameters: Vec::new(),
        })
        .use_etag(false)
        .use_last_modified(false)
        .into_response(&request);
    let headers = response.headers_mut();
    if let Ok(tag) = HeaderValue::try_from(tag.to_string()) {
        headers.insert(header::ETAG, tag);
    }
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    Ok(response)
}

/// The file's own tag would be of its inode and time; a revision is its content.
fn has_already(request: &HttpRequest, tag: &EntityTag) -> bool {
    match request.get_header::<IfNoneMatch>() {
        Some(IfNoneMatch::Any) => true,
        Some(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(tag)),
        None => false,
    }
}

fn mime_octets() -> actix_web::mime::Mime {
    actix_web::mime::APPLICATION_OCTET_STREAM
}
