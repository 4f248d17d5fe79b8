//! The texts themselves. A changed text is a new version; what was accepted stays provable by its hash.

use super::{ConsentText, ConsentType};

pub(super) static TERMS_OF_SERVICE: ConsentText = ConsentText {
    kind: ConsentType::TermsOfService,
    version: "1.0",
    title: "Termos de uso",
    summary: "Concordo em usar a plataforma conforme as regras abaixo.",
    text: "A Sigilo é uma plataforma de apoio à prática de saúde. Você a usa com a sua própria conta, que é pessoal e \
intransferível, e responde pelo que registra nela.\n\n\
As sugestões da plataforma são apoio: o diagnóstico e a conduta são sempre decisão sua, como profissional. Não inclua \
nas conversas dados que identifiquem o paciente; se acontecer por engano, eles são removidos antes de qualquer \
armazenamento.\n\n\
A clínica pode encerrar o seu acesso, e você pode pedir o encerramento da sua conta quando quiser. Os registros que a \
lei manda guardar continuam guardados pelo prazo da lei, e só por ele.\n\n\
Você pode revogar este aceite a qualquer momento na página da sua conta. Sem ele não é possível usar a plataforma.",
    legal_basis: "Art. 7, I",
    purpose: "Uso da plataforma conforme os termos",
    data_categories: &["identificação profissional", "registros de acesso"],
    required: true,
    if_refused: "Sem este aceite não é possível usar a plataforma.",
};

pub(super) static DATA_PROCESSING: ConsentText = ConsentText {
    kind: ConsentType::DataProcessing,
    version: "1.0",
    title: "Tratamento dos meus dados pessoais",
    summary: "Autorizo o tratamento dos meus dados de cadastro e de acesso.",
    text: "São tratados o seu nome, o seu e-mail (cifrado), o número e o estado do seu CRM, a sua especialidade e os \
registros dos seus acessos: data, hora, endereço IP e navegador.\n\n\
Servem para identificar você, proteger a conta e provar, diante de uma auditoria, quem fez o quê. Não são vendidos nem \
usados para publicidade, e ficam no servidor da própria clínica.\n\n\
O perfil é guardado enquanto a conta existir; os registros de acesso, por no mínimo 6 meses (Marco Civil da Internet, \
art. 15); a trilha de auditoria, por 5 anos.\n\n\
Você pode ver os seus dados e revogar esta autorização a qualquer momento na página da sua conta. Para corrigir \
dados ou receber uma cópia deles, peça à clínica. A revogação não desfaz o que foi feito antes dela.",
    legal_basis: "Art. 7, I",
    purpose: "Identificação do profissional, segurança da conta e prestação de contas",
    data_categories: &["identificação", "contato", "identificação profissional", "registros de acesso"],
    required: true,
    if_refused: "Sem esta autorização não é possível manter a sua conta.",
};

pub(super) static AI_PROCESSING: ConsentText = ConsentText {
    kind: ConsentType::AiProcessing,
    version: "1.0",
    title: "Uso de inteligência artificial",
    summary: "Autorizo que as minhas mensagens, já sem dados pessoais, sejam processadas por inteligência artificial.",
    text: "O assistente usa inteligência artificial para sugerir hipóteses e referências a partir do que você escreve. \
Antes de ser guardado ou enviado, o texto passa pela remoção automática de dados pessoais; o original não é \
armazenado.\n\n\
As respostas podem conter erros. São apoio ao raciocínio clínico, com indicação das fontes, e não substituem a sua \
avaliação nem são decisão automatizada sobre pessoas (LGPD, art. 20). Cada resposta fica registrada com a explicação \
de como foi produzida.\n\n\
Esta autorização é opcional: sem ela o assistente fica fechado e o restante da plataforma continua disponível.\n\n\
Você pode revogar a autorização a qualquer momento na página da sua conta, com um clique.",
    legal_basis: "Art. 7, I / Art. 20",
    purpose: "Apoio ao diagnóstico com inteligência artificial",
    data_categories: &["texto clínico sem identificação"],
    required: false,
    if_refused: "O assistente fica fechado; o restante continua disponível.",
};

pub(super) static IMAGE_PROCESSING: ConsentText = ConsentText {
    kind: ConsentType::ImageProcessing,
    version: "1.1",
    title: "Envio e processamento de imagens",
    summary: "Autorizo o processamento, só em memória, das imagens de exames que eu enviar.",
    text: "Imagens de exames são dados sensíveis de saúde (LGPD, art. 11). Quando você envia uma, ela é processada em \
memória, só para a resposta daquela mensagem, e apagada em seguida: nunca é gravada em disco nem no banco de dados. \
Se a instalação usa um modelo de inteligência artificial de fora, a imagem vai até ele só para essa resposta.\n\n\
Os metadados do arquivo (como data, aparelho e localização) são retirados antes. O que está desenhado na própria \
imagem não é examinado: o programa não lê nomes escritos nos pixels.\n\n\
Ficam registrados o resumo criptográfico (SHA-256), o tamanho, o tipo e os horários de processamento e de descarte, \
como prova de que a imagem não foi guardada.\n\n\
Cabe a você retirar da imagem nomes e outros dados que identifiquem o paciente antes do envio.\n\n\
Esta autorização é opcional: sem ela o envio de imagens fica fechado. Você pode revogar a autorização a qualquer \
momento na página da sua conta.",
    legal_basis: "Art. 11, I",
    purpose: "Processamento de imagens de exames em memória",
    data_categories: &["imagens de exames"],
    required: false,
    if_refused: "O envio de imagens fica fechado; o restante continua disponível.",
};
