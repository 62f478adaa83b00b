//! Who is who: the channel's id of a person outranks the phone.

use super::world::{ACCOUNT, Hospital, both, phone, user};
use crate::channels::Told;
use crate::store::Address;

#[tokio::test]
async fn a_mobile_is_one_person_with_and_without_the_ninth_digit() {
    let hospital = Hospital::open().await;
    hospital.hears(&phone("5531996883193"), "oi").await;
    hospital.hears(&phone("553196883193"), "outra vez").await;
    hospital.only().await;
    assert_eq!(hospital.said(), ["v1 ouviu oi", "eco outra vez"]);
    let sent = hospital.sent();
    assert_eq!(sent[1].0, phone("553196883193"), "answered to the address as received");
}

#[tokio::test]
async fn a_landline_has_one_form() {
    let hospital = Hospital::open().await;
    hospital.hears(&phone("551133334444"), "oi").await;
    hospital.hears(&phone("5511933334444"), "oi").await;
    assert_eq!(hospital.all().await.len(), 2);
}

#[tokio::test]
async fn an_id_that_comes_later_joins_the_one_known_by_phone() {
    let hospital = Hospital::open().await;
    hospital.hears(&phone("5511987654321"), "oi").await;
    hospital.hears(&both("BR.1", "5511987654321"), "com id").await;
    hospital.hears(&user("BR.1"), "sem telefone").await;
    let id = hospital.only().await;
    assert_eq!(hospital.said().len(), 3);
    assert_eq!(hospital.read(&id).await.conversation.address, both("BR.1", "5511987654321"));
}

#[tokio::test]
async fn the_same_phone_with_another_id_is_a_new_person() {
    let hospital = Hospital::open().await;
    hospital.hears(&both("BR.1", "5511987654321"), "oi").await;
    let old = hospital.only().await;
    hospital.hears(&both("BR.2", "5511987654321"), "olá").await;
    assert_eq!(hospital.all().await.len(), 2);
    assert_eq!(hospital.said(), ["v1 ouviu oi", "v1 ouviu olá"], "nothing of the old person carries over");
    let loaded = hospital.read(&old).await;
    assert_eq!(loaded.conversation.address, user("BR.1"));
    assert_eq!(loaded.contact.contact.phone, None);
    // The old one goes on by their id, the phone belongs to the new one.
    hospital.hears(&user("BR.1"), "ainda eu").await;
    hospital.hears(&phone("5511987654321"), "e eu").await;
    let sent = hospital.sent();
    assert_eq!(sent[2].0, user("BR.1"));
    assert_eq!(sent[3].0, both("BR.2", "5511987654321"));
}

#[tokio::test]
async fn two_forms_of_a_number_with_two_ids_are_two_people_who_keep_theirs() {
    let hospital = Hospital::open().await;
    hospital.hears(&both("BR.1", "5531996883193"), "oi").await;
    let old = hospital.only().await;
    hospital.hears(&both("BR.2", "553196883193"), "olá").await;
    assert_eq!(hospital.all().await.len(), 2);
    assert_eq!(hospital.read(&old).await.conversation.address, both("BR.1", "5531996883193"));
}

#[tokio::test]
async fn a_new_phone_of_a_known_person_is_remembered() {
    let hospital = Hospital::open().await;
    hospital.hears(&both("BR.1", "5511987654321"), "oi").await;
    hospital.hears(&both("BR.1", "5521987654321"), "mudei").await;
    let id = hospital.only().await;
    assert_eq!(hospital.read(&id).await.contact.contact.phone.as_deref(), Some("+5521987654321"));
    hospital.hears(&phone("5521987654321"), "só o telefone").await;
    hospital.only().await;
    // The old number is free for somebody else.
    hospital.hears(&phone("5511987654321"), "sou outra").await;
    assert_eq!(hospital.all().await.len(), 2);
}

#[tokio::test]
async fn a_username_may_go_to_somebody_else_and_may_be_all_that_is_known() {
    let hospital = Hospital::open().await;
    let named = |address: Address, name: &str| Address { username: Some(name.to_owned()), ..address };
    hospital.hears(&named(user("BR.1"), "ana"), "oi").await;
    hospital.hears(&named(user("BR.2"), "ana"), "agora é meu").await;
    assert_eq!(hospital.all().await.len(), 2);
    hospital.hears(&named(user("BR.1"), "ana2"), "mudei").await;
    hospital.hears(&named(Address::default(), "ana"), "só o nome").await;
    hospital.hears(&named(Address::default(), "bia"), "outra").await;
    hospital.hears(&named(Address::default(), "bia"), "ainda a outra").await;
    assert_eq!(hospital.all().await.len(), 3);
    assert_eq!(
        hospital.said(),
        [
            "v1 ouviu oi",
            "v1 ouviu agora é meu",
            "eco mudei",
            "eco só o nome",
            "v1 ouviu outra",
            "eco ainda a outra"
        ]
    );
}

#[tokio::test]
async fn an_announced_change_moves_the_conversation() {
    let hospital = Hospital::open().await;
    hospital.hears(&phone("5511987654321"), "oi").await;
    let id = hospital.only().await;
    for _ in 0..2 {
        let told = Told::AddressChanged {
            account: ACCOUNT.to_owned(),
            from: phone("5511987654321"),
            to: phone("5521987654321"),
            id: "sys-1".to_owned(),
        };
        hospital.here.intake("whatsapp", vec![told]).await.unwrap();
    }
    hospital.hears(&phone("5521987654321"), "número novo").await;
    assert_eq!(hospital.only().await, id);
    assert_eq!(hospital.said(), ["v1 ouviu oi", "eco número novo"]);
    let sent = hospital.sent();
    assert_eq!(sent[1].0, phone("5521987654321"));
    hospital.hears(&phone("5511987654321"), "quem?").await;
    assert_eq!(hospital.all().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_strangers_first_messages_make_one_person() {
    let hospital = Hospital::open().await;
    let forms = [phone("5511987654321"), phone("551187654321"), both("BR.1", "5511987654321")];
    let told: Vec<Vec<Told>> = (0..12)
        .map(|n| {
            let from: &Address = &forms[n % 3];
            vec![hospital.told(from, &format!("m{n}"), &format!("{n}"))]
        })
        .collect();
    let all = told.into_iter().map(|told| hospital.here.intake("whatsapp", told));
    futures_util::future::try_join_all(all).await.unwrap();
    hospital.works().await;
    hospital.only().await;
    assert_eq!(hospital.said().len(), 12);
}
