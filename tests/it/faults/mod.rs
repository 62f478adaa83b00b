//! Faults of the world: what goes wrong outside, what the patient sees of it, what RM holds and what the staff hears.
//!
//! Each row of the list is a test, the scenario of that name, over the real binary and the sandbox; docs/faults.md is the
//! list as a table. After a change `FAULTS=write cargo test -p tests --test it -- faults` writes the table anew.

mod clock;
mod rm_booking;
mod rm_reading;
mod sending;
mod table;
mod webhooks;

/// A fault and what comes of it, in words.
struct Row {
    /// Of its scenario.
    name: &'static str,
    fault: &'static str,
    patient: &'static str,
    rm: &'static str,
    staff: &'static str,
}

/// The rows of one part of the world.
struct Part {
    title: &'static str,
    rows: &'static [Row],
}

macro_rules! faults {
    ($($module:ident $title:literal {
        $($name:ident: $fault:literal, $patient:literal, $rm:literal, $staff:literal;)*
    })*) => {
        const PARTS: &[Part] = &[$(Part {
            title: $title,
            rows: &[$(Row {
                name: stringify!($name),
                fault: $fault,
                patient: $patient,
                rm: $rm,
                staff: $staff,
            }),*],
        }),*];

        $($(#[tokio::test]
        async fn $name() {
            $module::$name().await;
        })*)*
    };
}

faults! {
    sending "Sending to WhatsApp" {
        too_many_messages:
            "429 with 130429, the number's throughput is reached", "the message, a second later, once", "-",
            "a notice that the channel takes no messages";
        too_many_messages_to_one_person:
            "131056, too many messages to one person", "the message, six seconds later, once", "-", "-";
        meta_is_out_of_order:
            "500 with 131000, and 503 with 2", "the message, after a pause, once", "-", "-";
        a_send_is_cut_before_it_is_taken:
            "connection reset before the message was taken", "the message, 30 s later, once", "-", "-";
        a_send_is_cut_after_it_was_taken:
            "connection reset after the message was taken", "the message, once: its status settles it", "-", "-";
        a_send_is_taken_and_never_answered:
            "silence after the message was taken", "the message, once: its status settles it", "-", "-";
        a_proxy_answers_for_meta:
            "502 with a page of HTML after the message was taken", "the message, once: its status settles it", "-", "-";
        a_sends_answer_is_torn:
            "200 with half a body", "the message, once: its status settles it", "-", "-";
        a_sends_answer_has_the_wrong_type:
            "200 with JSON called text/html", "the message, once", "-", "-";
        the_access_token_has_ended:
            "401 with 190, the access token has ended",
            "nothing while it lasts; the message once the token is valid again (within two minutes)", "-",
            "a notice that the channel takes no messages, and why";
        a_message_is_refused:
            "400 with 100, an invalid parameter", "not this message; somebody calls", "-",
            "a notice that a message was not delivered, and the conversation in the queue";
        the_window_is_closed_after_all:
            "accepted, then `failed` with 131047, the 24-hour window is closed", "not this message", "-",
            "a notice that a message was not delivered, and the conversation in the queue";
        a_number_is_not_on_whatsapp:
            "accepted, then `failed` with 131026, the person cannot be reached", "nothing", "-",
            "a notice that a message was not delivered, and the conversation in the queue";
        a_status_comes_before_the_answer:
            "the status `sent` before the answer to the send", "each message, once", "-", "-";
        statuses_come_in_any_order_and_twice:
            "`delivered` before `sent`, each twice", "each message, once", "-", "-";
        a_status_of_an_unknown_message:
            "a status for a message nobody sent", "nothing of it", "-", "-";
        whatsapp_cannot_be_found:
            "DNS failure: the host of the Graph API has no address", "the message, once it is found again, once", "-", "-";
        whatsapp_refuses_the_connection:
            "connection refused", "the message, once it is taken again, once", "-", "-";
        whatsapp_speaks_no_tls:
            "TLS failure", "the message, once TLS works again, once", "-", "-";
    }
    webhooks "Webhooks" {
        the_same_webhook_five_times:
            "the same webhook five times, also all at once", "one answer", "-", "-";
        a_message_five_hours_late:
            "a webhook five hours late", "the answer", "-", "-";
        a_message_two_days_late:
            "a webhook two days late", "nothing at once; somebody answers", "-",
            "a notice that a message came too late to be played";
        a_wrong_signature:
            "a signature that is missing, of another key, of another body", "nothing: 401", "-", "-";
        half_a_body:
            "half a body, rightly signed", "the answer, when the whole comes", "-", "-";
        a_poisoned_message_among_good_ones:
            "a batch in which one message is malformed", "those who wrote the others are answered", "-", "-";
        messages_of_kinds_we_do_not_know:
            "unknown kinds, `unsupported` with 131051, an edit, a reaction", "the conversation goes on", "-", "-";
        a_picture_where_a_number_was_asked:
            "a picture, a sound, a document where a CPF was asked", "the question again", "-", "-";
        the_service_is_away:
            "the service is killed; webhooks come again once it is there", "the answer, once", "-", "-";
    }
    rm_reading "Reading from RM" {
        rm_is_down:
            "503 to everything", "that the agenda does not answer; on from there once it does", "unchanged", "-";
        rm_answers_with_a_page:
            "502 with a page of HTML", "that the agenda does not answer; no HTML", "unchanged", "-";
        rm_never_answers:
            "30 s of silence", "that the agenda does not answer, after the flow's own limit", "unchanged", "-";
        rm_is_slow:
            "two seconds for an answer, and the patient goes on typing", "the next question; nothing typed is lost", "unchanged", "-";
        rm_has_too_much_to_do_and_says_until_when:
            "429 with `Retry-After`", "the next question, after that pause", "unchanged", "-";
        rm_has_too_much_to_do:
            "429 without `Retry-After`", "the next question, after a short pause", "unchanged", "-";
        rm_cuts_the_connection:
            "connection reset", "the next question", "unchanged", "-";
        rms_answer_is_torn:
            "the connection ends in the middle of the body", "the next question", "unchanged", "-";
        rms_answer_is_no_json:
            "200 with half a JSON document", "that the agenda does not answer", "unchanged", "-";
        rms_answer_is_huge:
            "200 with two mebibytes", "that the agenda does not answer", "unchanged", "-";
        rms_token_ends_in_the_middle:
            "RM forgets its tokens in mid-conversation", "the next question", "unchanged", "-";
        rm_refuses_our_login:
            "401 to every login", "that the agenda does not answer", "unchanged", "-";
        rm_has_nothing_free:
            "404 for an empty page", "that nothing is free, and what else can be done", "unchanged", "-";
        rm_cannot_be_found:
            "DNS failure: RM's host has no address", "that the agenda does not answer", "unchanged", "-";
        rm_refuses_the_connection:
            "connection refused", "that the agenda does not answer", "unchanged", "-";
    }
    rm_booking "Booking in RM" {
        a_slot_is_taken_409:
            "409: somebody else was faster", "that it was taken, and other times", "one appointment, the one told", "-";
        a_slot_is_taken_400:
            "the same as a 400", "that it was taken, and other times", "one appointment, the one told", "-";
        a_slot_is_taken_500:
            "the same as a 500", "that it was taken, and other times", "one appointment, the one told", "-";
        a_booking_is_cut_before_it_is_taken:
            "connection reset before the booking was made", "that nothing was booked; may try again", "none; one after the second try", "-";
        a_booking_is_cut_after_it_was_made:
            "connection reset after the booking was made", "that it is booked", "one appointment", "-";
        a_booking_is_made_and_never_answered:
            "silence after the booking was made", "that it is booked", "one appointment", "-";
        a_proxy_answers_for_a_booking:
            "502 with a page of HTML after the booking was made", "that it is booked", "one appointment", "-";
        a_bookings_answer_is_torn:
            "the booking is made and the answer's body ends in the middle", "that it is booked", "one appointment", "-";
        a_booking_fails:
            "500, nothing was booked", "that nothing was booked; may try again", "none; one after the second try", "-";
        rm_goes_away_after_a_booking:
            "the booking is made, its answer is lost, and RM stays away", "that it is not known and somebody looks", "one appointment",
            "the conversation in the queue";
        the_service_is_killed_while_rm_books:
            "the service is killed while RM has the booking in hand", "what RM did", "as the patient was told", "-";
    }
}
