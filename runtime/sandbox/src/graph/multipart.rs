//! Reads a `multipart/form-data` body, as the upload of media uses it.

/// One part of a form.
#[derive(Debug, PartialEq)]
pub(crate) struct Part<'a> {
    pub(crate) name: String,
    pub(crate) filename: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) bytes: &'a [u8],
}

/// The parts of a body, or `None` if it is not what its content type says.
pub(crate) fn parts<'a>(content_type: &str, body: &'a [u8]) -> Option<Vec<Part<'a>>> {
    let boundary = content_type.split(';').map(str::trim).find_map(|part| part.strip_prefix("boundary="))?;
    let delimiter = format!("--{}", boundary.trim_matches('"')).into_bytes();
    let mut rest = &body[find(body, &delimiter)? + delimiter.len()..];
    let mut list = Vec::new();
    while let Some(inner) = rest.strip_prefix(b"\r\n") {
        let end = find(inner, &[b"\r\n", delimiter.as_slice()].concat())?;
        list.push(part(&inner[..end])?);
        rest = &inner[end + 2 + delimiter.len()..];
    }
    rest.starts_with(b"--").then_some(list)
}

fn part(bytes: &[u8]) -> Option<Part<'_>> {
    let blank = find(bytes, b"\r\n\r\n")?;
    let mut part =
        Part { name: String::new(), filename: None, content_type: None, bytes: &bytes[blank + 4..] };
    for line in std::str::from_utf8(&bytes[..blank]).ok()?.split("\r\n") {
        let (header, value) = line.split_once(':')?;
        if header.eq_ignore_ascii_case("content-disposition") {
            part.name = attribute(value, "name")?;
            part.filename = attribute(value, "filename");
        } else if header.eq_ignore_ascii_case("content-type") {
            part.content_type = Some(value.trim().to_owned());
        }
    }
    Some(part)
}

fn attribute(value: &str, name: &str) -> Option<String> {
    let value = value.split(';').map(str::trim).find_map(|one| one.strip_prefix(name)?.strip_prefix('='))?;
    Some(value.trim_matches('"').to_owned())
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_fields_and_files() {
        let body = b"--xyz\r\nContent-Disposition: form-data; name=\"type\"\r\n\r\nimage/png\r\n--xyz\r\n\
            Content-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n\x89\r\nPNG\r\n--xyz--\r\n";
        let list = parts("multipart/form-data; boundary=xyz", body).unwrap();
        assert_eq!((list[0].name.as_str(), list[0].bytes), ("type", b"image/png".as_slice()));
        assert_eq!(list[1].filename.as_deref(), Some("a.png"));
        assert_eq!(list[1].bytes, b"\x89\r\nPNG");
        assert_eq!(parts("multipart/form-data; boundary=xyz", b"--xyz\r\nbroken"), None);
        assert_eq!(parts("application/json", body), None);
    }
}
