pub async fn check(_: &super::site::Stand, _: &super::site::Site) {}
