//! What the manual says in words. Everything that can be read off the system is not here.

use sigilo_domain::audit_query::Step;

/// One chapter.
pub struct Chapter {
    /// Its name.
    pub title: &'static str,
    /// The part of the journey whose queries belong to it.
    pub step: Option<Step>,
    /// What happens, a paragraph each.
    pub what: &'static [&'static str],
    /// Where on screen: the way there in words, and its address.
    pub places: &'static [(&'static str, &'static str)],
    /// The tables in which it is recorded.
    pub tables: &'static [&'static str],
}

/// What a profile may do, for who does not know the product.
pub const ROLES: [(&str, &str); 6] = [
    (
        "Responsável (owner)",
        "Responde pela clínica: atende e registra pedidos de titulares e incidentes, prepara ou aprova planos de exclusão, dá e retira acessos de auditoria, faz a simulação, vê a conformidade e baixa os relatórios emitidos. As consultas do manual, quem abre é o encarregado ou um auditor.",
    ),
    ("Administrador", "Cuida da operação; não vê dados clínicos."),
    ("Profissional", "Usa o assistente e vê só as próprias conversas."),
    ("Recepção", "Atende no balcão; não vê conversas nem auditoria."),
    (
        "Encarregado (DPO)",
        "Responde pelos dados: o mesmo que o responsável em pedidos, incidentes e conformidade; audita quando tem um acesso em vigor.",
    ),
    (
        "Auditoria",
        "Só audita, e só enquanto tiver um acesso em vigor: consultas, tabelas, SQL, simulação e relatórios.",
    ),
];

/// Why the periods are what they are.
pub const WHY: &str = "A LGPD manda guardar só pelo tempo necessário e não diz um número. Os 5 anos são os do manual do Sandbox Regulatório da ANPD (Edital 02/2025) e os que a Resolução nº 15/2024 dá aos incidentes; o “período de testes” é o do mesmo edital, até dezembro de 2026. O texto das conversas é apoio ao diagnóstico: o que o médico leva ao prontuário fica no prontuário, por 20 anos ou mais.";

/// Every chapter, in the order in which an auditor asks.
pub const CHAPTERS: [Chapter; 15] = [
    Chapter {
        title: "0. Antes da visita",
        step: None,
        what: &[
            "Decida quem vai abrir as consultas diante do auditor: o encarregado, ou alguém com a função de auditoria (pode ser o próprio fiscal). Quem opera a instalação o convida, com “sigilo user invite --role auditor”, e dá um link de uso único; quem responde pela clínica lhe dá o acesso em Auditoria → Acessos, por até 90 dias. Um responsável que também tem a função de encarregado precisa que outra pessoa lhe dê o acesso.",
            "Faça uma simulação em Auditoria → Simulação, e peça a quem tem o acesso que emita um relatório com ela: o auditor leva o arquivo. Abra Conformidade → Visão geral e resolva o que estiver em “Problema” ou “Atenção”.",
            "Diga também o que ainda não existe: os prazos de guarda estão definidos e contados, mas o Sigilo ainda não apaga sozinho o que passou da maioria deles (a tabela “Prazos de guarda” diz de qual, e a Visão geral conta as linhas); cópias de segurança são de quem opera o servidor.",
        ],
        places: &[
            ("Auditoria → Acessos", "/auditoria/acessos"),
            ("Auditoria → Simulação", "/auditoria/simulacao"),
            ("Conformidade → Visão geral", "/conformidade"),
        ],
        tables: &[],
    },
    Chapter {
        title: "1. Cadastro",
        step: Some(Step::SignUp),
        what: &[
            "Quem opera a instalação ou responde pela clínica convida o médico com um link de uso único, válido por 72 horas; onde o cadastro é aberto, ele mesmo abre a conta. Ele entra com uma chave de acesso do próprio aparelho ou com a conta da clínica (por exemplo, do Google). Não existe senha: nada que se possa vazar ou adivinhar.",
            "Na primeira vez, o banco cria sozinho a participação na clínica e o perfil, com CRM “PENDENTE” e estado “XX”, e a trilha registra a criação. Cada entrada guarda endereço IP, navegador e horário. O formato do CRM é conferido; se ele existe no conselho, não: a coluna “council_validation” diz isso.",
        ],
        places: &[("Consultas do manual", "/auditoria")],
        tables: &["profiles", "members", "access_logs", "audit_logs"],
    },
    Chapter {
        title: "2. Perfil e consentimentos",
        step: Some(Step::Consents),
        what: &[
            "O médico completa nome, CRM, estado e especialidade, e decide sobre quatro consentimentos, um por um, sem nenhuma caixa já marcada: termos de uso, tratamento de dados, uso de IA e processamento de imagens. Os dois primeiros são necessários para usar a plataforma.",
            "Cada decisão vira um registro próprio, com a versão e o resumo do texto exato que foi mostrado. Revogar anota a data no próprio registro; conceder de novo cria outro; nenhum é apagado, e o texto que foi aceito não muda.",
            "Revogar fica na Área de Membros, ao lado de cada consentimento, e vale na hora. Sem o de IA, o próprio banco recusa gravar mensagens; sem o de imagens, recusa imagens; sem os termos de uso ou o tratamento de dados, a pessoa volta à tela de boas-vindas e não segue. O que já foi gravado fica até o fim do prazo ou até um pedido de exclusão.",
        ],
        places: &[
            ("Área de Membros → Consentimentos (conceder e revogar)", "/account"),
            ("Conformidade → Visão geral (quantos valem, vencem ou faltam)", "/conformidade"),
        ],
        tables: &["profiles", "consent_texts", "consent_records", "lgpd_consents", "consent_events", "audit_logs"],
    },
    Chapter {
        title: "3. Mensagens e remoção de dados",
        step: Some(Step::Messages),
        what: &[
            "O texto passa pelo removedor no servidor, antes de ser gravado ou enviado ao modelo de IA. O que identifica vira uma marca, como [CPF REMOVIDO]; números clínicos, como PA 120x80, ficam. O CPF dos exemplos (123.456.789-00) tem dígitos errados de propósito, para não ser de ninguém: o removedor tira pelo formato, não só pelos dígitos.",
            "O texto original nunca é gravado. Fica um resumo com chave, que só quem ainda tem o original consegue comprovar, e uma linha para cada dado encontrado, com o tipo e o método, nunca o valor.",
            "O texto resultante é “desidentificado”, não anônimo no sentido do art. 12 da LGPD: continua a ser tratado como dado pessoal. Nenhum removedor acerta sempre. Antes de enviar, o médico vê o que será removido e pode marcar o que faltou; se algo escapar, ele exclui a conversa, que sai da lista na hora; as linhas saem no fim do prazo ou com a exclusão da conta, e apagar uma só conversa antes disso ainda não é possível. Registre o caso em Incidentes: se pode trazer risco a alguém, é comunicável; se o texto foi a um modelo externo, peça também a ele que o apague.",
            "Quem responde pela base legal dos dados do paciente é a clínica (LGPD, art. 11, II, f, tutela da saúde). O consentimento do médico, no capítulo 2, é sobre os dados dele.",
        ],
        places: &[(
            "Conversas (só o próprio médico; quem audita lê as linhas, já sem identificadores, pelo console)",
            "/conversas",
        )],
        tables: &["conversations", "messages", "anonymization_logs", "sensitive_data_detection_logs", "audit_logs"],
    },
    Chapter {
        title: "4. Imagens",
        step: Some(Step::Images),
        what: &[
            "Até três imagens por mensagem, de 5 MB cada, em JPEG, PNG ou WebP. O Sigilo confere se o arquivo é mesmo uma imagem e tira os dados escondidos nele (data, lugar, aparelho). A imagem existe só na memória do servidor: não há pasta nem tabela que a guarde.",
            "Um nome escrito dentro da imagem não é removido: por isso o médico confirma, a cada envio, que conferiu a imagem. Se o modelo configurado lê imagens, ela é enviada a ele com a mensagem (“processed_in_memory”: processada em memória); o motor local não lê, e então ela não vai a lugar nenhum (“never_stored”: nunca guardada).",
            "Depois de usada, o pedaço da memória em que ela estava é preenchido com zeros, e o instante é registrado. Do arquivo ficam apenas o resumo, o tamanho e o tipo.",
        ],
        places: &[("Consultas do manual", "/auditoria")],
        tables: &["image_processing_logs", "audit_logs"],
    },
    Chapter {
        title: "5. Respostas da IA",
        step: Some(Step::Answers),
        what: &[
            "A resposta traz hipóteses, raciocínio, referências e o aviso de que o diagnóstico é do médico. O aviso é escrito pelo servidor em toda resposta, e só conta como exibido quando o navegador confirma que apareceu: uma resposta que ninguém rolou até o fim fica “sem aviso confirmado”, e as consultas 15 e 32 a mostram. Isso não é uma falha do aviso; é a diferença entre ter sido escrito e ter sido visto.",
            "Um modelo pode citar um artigo que não existe. O Sigilo não o apresenta como verdadeiro: o modelo não escreve números de artigos (PMID); cada referência citada é procurada no índice que fica na própria instalação ou no PubMed e comparada em título, autores, revista e ano. A que não existe aparece como “não encontrada”, a que mudou aparece corrigida, e um artigo retratado aparece em vermelho. Uma verdadeira que não está no índice local, sem internet, aparece como não conferida, nunca como verdadeira. O link de uma conferida leva ao artigo no PubMed.",
            "O médico aceita, edita ou rejeita a resposta. Em “Como esta resposta foi feita”, sob cada resposta, estão modelo, versões, tempos e o que foi conferido; é o que a consulta 13 mostra.",
        ],
        places: &[("IA: governança (modelo em uso, números e como desligar)", "/governanca-ia")],
        tables: &[
            "messages",
            "ai_answers",
            "ai_reference_checks",
            "explainability_logs",
            "ai_review_events",
            "audit_logs",
        ],
    },
    Chapter {
        title: "6. Entradas e saídas",
        step: Some(Step::Accesses),
        what: &[
            "Entradas, saídas, desbloqueios e tentativas sem sucesso são registrados, com o motivo da falha e a duração da sessão. Depois de 5 erros seguidos, a conta espera antes de aceitar outra tentativa, e cada vez mais. Uma sessão dura até 12 horas.",
            "A tela se bloqueia sozinha depois de 15 minutos parada (a clínica pode escolher de 1 a 30), e quem volta desbloqueia sem perder o que escrevia.",
            "Dois registros contam a mesma entrada, com prazos diferentes. O de acesso (access_logs) fica de 6 a 12 meses: a lei manda guardar ao menos 6, e a necessidade não pede mais que 12. A trilha (audit_trail e audit_logs) guarda o ato por 5 anos, também com o endereço IP, como prova do que foi feito, e só quem audita a vê.",
        ],
        places: &[("Área de Membros → Sessões e últimos acessos (cada um os seus)", "/account")],
        tables: &["access_logs", "audit_trail", "audit_logs"],
    },
    Chapter {
        title: "7. Exclusão da conta",
        step: Some(Step::Deletion),
        what: &[
            "Na Área de Membros, “Excluir minha conta” mostra o que sai e o que fica por lei, pede que se digite EXCLUIR, encerra todas as sessões, mostra a frase “Sua conta sera excluida conforme previsto na LGPD” (assim, sem acentos, como o edital a pede) e dá um link para acompanhar sem entrar.",
            "O banco calcula o prazo de 15 dias úteis para concluir. Em Conformidade → Pedidos de titulares, o responsável ou o encarregado prepara o plano, tabela por tabela, com o número de linhas; outra dessas pessoas o aprova (onde não há outra, só depois de 24 horas); o Sigilo executa e assina um recibo. Quem tem o link baixa o recibo, e qualquer um o confere com o comando “sigilo receipt verify”.",
            "A tabela “O que a exclusão faz”, adiante, diz o que é apagado, o que perde o nome e o que fica, com o artigo. Com a conta saem também o e-mail, as chaves de acesso, os códigos e as sessões, que ficam fora das tabelas da clínica. O recibo diz o que foi apagado, anonimizado e mantido, com contagens e artigos, sem nomes. Quem recebeu dados da pessoa (o modelo externo, o provedor de identidade) é avisado por uma tarefa que aparece no pedido.",
            "O cadastro de um paciente se elimina do mesmo modo, em Conformidade → Eliminação de pacientes: uma pessoa pede e diz por quê, outra aprova, nunca a mesma; a identificação é apagada, a chave do paciente é destruída, e o recibo diz o que foi feito, com o número do prontuário e nada mais. O banco recusa quem está em guarda legal e quem tem registros de prontuário dentro dos 20 anos (Lei 13.787/2018, art. 6º).",
        ],
        places: &[
            ("Área de Membros → Excluir minha conta", "/account"),
            ("Conformidade → Pedidos de titulares (plano, aprovação, recibo)", "/conformidade/pedidos"),
            ("Conformidade → Eliminação de pacientes", "/conformidade/eliminacoes"),
        ],
        tables: &[
            "data_subject_requests",
            "request_events",
            "fulfilment_plans",
            "legal_holds",
            "patient_eliminations",
            "recipient_notices",
            "audit_logs",
        ],
    },
    Chapter {
        title: "8. Outros direitos do titular",
        step: Some(Step::Rights),
        what: &[
            "Todos se pedem na Área de Membros, em “Seus direitos”: confirmação e acesso (access), correção (rectification), exclusão, bloqueio ou anonimização (deletion), portabilidade (portability), informação sobre com quem os dados foram compartilhados (access), oposição e revisão de decisão automatizada (objection). Entre parênteses está o tipo com que o registro os guarda.",
            "O acesso simplificado é imediato: “Meus dados” mostra e baixa, como página, planilhas ou JSON, tudo o que o banco tem da pessoa. O pedido de quem não tem conta, ou de um representante, chega por carta, e-mail ou balcão, e o responsável ou o encarregado o escreve em Conformidade → Pedidos de titulares → “Registrar um pedido”, em nome de um membro da clínica, atual ou antigo, com a data em que chegou, de que corre o prazo, e com o documento que prova quem pediu, guardado cifrado. O cadastro de um paciente está em Pacientes, onde a recepção ou o responsável o encontra por nome, documento ou telefone e o corrige; dos textos do assistente, já desidentificados, não há como encontrar os de uma pessoa.",
            "Dois relógios: 15 dias úteis, que é o prazo do Sigilo para qualquer pedido, e, para acesso, os 15 dias corridos do art. 19, II, da lei. O alerta é do que vence primeiro. Dias úteis são de segunda a sexta, contados a partir do dia seguinte; feriados não são descontados, e por isso o prazo real pode ser maior, nunca menor. Um pedido feito numa segunda-feira, dia 2, vence na segunda-feira, dia 23. Recusar exige motivo e artigo.",
            "A mesa de pedidos é a página Conformidade → Pedidos de titulares: lista todos, um por um, com filtros; os parados e os que vencem vêm na frente. A consulta 31 lista todos para o auditor.",
        ],
        places: &[
            ("Área de Membros → Seus direitos", "/account"),
            ("Área de Membros → Meus dados (ver e baixar)", "/account/dados"),
            ("Conformidade → Pedidos de titulares", "/conformidade/pedidos"),
        ],
        tables: &["data_subject_requests", "request_events", "request_evidence", "recipient_notices"],
    },
    Chapter {
        title: "9. Proteções do banco",
        step: Some(Step::Protections),
        what: &[
            "Segurança por linha (RLS): o próprio banco só entrega a cada pessoa as linhas que ela pode ver, em todas as tabelas, mesmo que o programa tenha um defeito. Uma clínica nunca vê a outra, e um médico não vê as conversas de outro da mesma clínica. A consulta 24 mostra que está ligada; as demonstrações 3 e 7 da simulação tentam de verdade abrir a conversa de um colega e o pedido de outra clínica, e não conseguem.",
            "A trilha são duas tabelas: audit_trail diz quem fez algo, quando e de onde; audit_logs diz o que foi feito, em detalhe. Não guardam conteúdo nem nomes: guardam quem (por um identificador), de onde (IP) e o resumo do que mudou. As duas só crescem: regras, gatilhos e permissões do banco impedem mudar ou apagar (a consulta 25 mostra as regras de uma; a demonstração 7, os gatilhos das duas e dos acessos). Isso detém o programa e as pessoas que o usam. Quem administra a máquina poderia passar por cima, e por isso cada linha é também lacrada por assinatura, em segundos: o que ele mudar, apagar ou incluir aparece na conferência, que um estranho faz no próprio computador com o comando “sigilo verify”. Só quem tem ainda a chave do lacre poderia reescrever tudo; contra isso há testemunhas de fora, e Auditoria → Provas diz se alguma vigia.",
            "Um gatilho é o que o banco faz sozinho: a cada mudança das tabelas vigiadas (clínicas, membros, perfis, conversas, mensagens, explicações das respostas, consentimentos, pedidos e seus planos, acessos de auditoria, incidentes, suspeitas e iscas), ele escreve na trilha, lembre-se o programa ou não.",
            "Depois de cinco anos, os registros de um mês podem sair: em Conformidade → Trilha vencida, uma pessoa propõe e outra aprova. A própria trilha declara quais registros eram, e só depois de lacrada essa declaração eles saem; os resumos ficam. Quem confere aceita a falta do que foi declarado e tinha cinco anos de lacre, e de mais nada. Ficam o que é sobre pacientes (20 anos), a última palavra sobre cada cadastro e o que está em guarda legal.",
        ],
        places: &[
            ("Conformidade → Visão geral → Verificações", "/conformidade"),
            ("Auditoria → Simulação", "/auditoria/simulacao"),
            ("Auditoria → Provas", "/auditoria/provas"),
            ("Conformidade → Trilha vencida", "/conformidade/trilha"),
        ],
        tables: &["audit_logs", "audit_trail", "trail_disposals", "audit_grants", "audit_console_runs"],
    },
    Chapter {
        title: "10. Incidentes de segurança",
        step: None,
        what: &[
            "Registra-se em Conformidade → Incidentes, por quem responde pela clínica ou pelos dados; “É uma simulação” marca um treino, que corre igual e nunca conta como comunicado. Nenhum incidente se apaga, e fica por 5 anos pelo menos, comunicado ou não (Resolução CD/ANPD nº 15/2024, art. 10).",
            "Os prazos correm do dia em que se soube que dados pessoais foram afetados: 3 dias úteis para comunicar a ANPD e os titulares, e 20 dias úteis para complementar o que faltou à ANPD. Para agente de tratamento de pequeno porte são 6 e 40 (Resolução CD/ANPD nº 2/2022, art. 14), se o responsável declarou isso na mesma página e se não há risco à integridade das pessoas. A página conta o tempo, preenche o que o Sigilo já sabe e lista o que falta nos doze conteúdos da comunicação. A comunicação à ANPD é feita no site dela; a dos titulares, pelo canal que a clínica costuma usar com eles, com o texto que a página prepara. Feriados não são descontados aqui também.",
            "O Sigilo também suspeita sozinho: muitas entradas recusadas, muitos registros abertos em pouco tempo, muitos acessos negados, ou um paciente-isca (inventado só para isso) escrito por alguém. Uma suspeita não inicia prazo; o responsável ou o encarregado a confirma, e ela vira incidente, ou a descarta com o motivo.",
            "A consulta 34 lista os incidentes para o auditor.",
        ],
        places: &[
            ("Conformidade → Incidentes", "/conformidade/incidentes"),
            ("Conformidade → Pacientes-isca", "/conformidade/iscas"),
        ],
        tables: &[
            "security_incident_logs",
            "incident_drafts",
            "canaries",
            "canary_sightings",
            "small_agent_declarations",
        ],
    },
    Chapter {
        title: "11. O console de auditoria",
        step: None,
        what: &[
            "Em Auditoria → Acessos, o responsável ou o encarregado autoriza outra pessoa, com a função de auditoria ou de encarregado, por 1 a 90 dias, e diz para quê. Ninguém autoriza a si mesmo; numa clínica de uma pessoa só, quem opera a instalação o faz. Revogar, na mesma página, vale na hora.",
            "Tudo o que se faz ali é registrado antes de correr, com o comando exato e o resumo do resultado, e aparece em Auditoria → Histórico. O médico vê, na Área de Membros, em “Quem viu meus dados”, que houve consultas.",
            "Nomes, endereços IP, navegadores e textos livres aparecem como “•••”, também nas consultas 1 e 2, que os mencionam; CRM e o texto das mensagens, que já não tem identificadores, aparecem. Para ver o que está oculto, quem audita escreve o motivo, e isso fica no histórico como ato de risco alto. Quem é cada paciente está cifrado com a chave dele, e nem quem audita o lê: o que aparece são números de prontuário, datas e quem abriu.",
            "Onde uma consulta pede um médico, uma conversa ou uma resposta, a página mostra uma lista para escolher. Cada resultado vem com uma conclusão em palavras; “Problema” quer dizer que algo não está como deveria: veja as linhas e, se envolver dados pessoais, registre um incidente.",
        ],
        places: &[
            ("Auditoria → Acessos", "/auditoria/acessos"),
            ("Auditoria → Histórico", "/auditoria/historico"),
            ("Auditoria → Tabelas", "/auditoria/tabelas"),
        ],
        tables: &["audit_grants", "audit_console_runs"],
    },
    Chapter {
        title: "12. Simulação e relatório",
        step: None,
        what: &[
            "Em Auditoria → Simulação, um botão faz as oito demonstrações do roteiro de verdade, numa clínica inventada na hora, e mostra as linhas de cada passo. Os registros da sua clínica não são tocados. O mesmo se faz numa máquina qualquer com “sigilo audit simulate”.",
            "Em Auditoria → Relatórios, escolha o período e a simulação e emita: vêm um PDF, uma página e um arquivo de dados, que se entregam ao auditor. O relatório traz as 34 consultas com a conclusão de cada uma, as demonstrações, os prazos de pedidos e incidentes, a tabela de guarda e o que ele não prova. Em /relatorio/conferir, sem conta, o auditor escolhe o arquivo, e a página diz se é exatamente o que foi emitido; o arquivo não sai do computador dele. Simular pode quem audita ou responde pela clínica; emitir, só quem tem acesso de auditoria em vigor.",
        ],
        places: &[
            ("Auditoria → Simulação", "/auditoria/simulacao"),
            ("Auditoria → Relatórios", "/auditoria/relatorios"),
            ("Conferir um relatório (público)", "/relatorio/conferir"),
        ],
        tables: &["audit_simulations", "audit_reports", "audit_report_files"],
    },
    Chapter {
        title: "13. Encarregado e registro das operações",
        step: None,
        what: &[
            "A página /encarregado é pública: diz o contato do encarregado (DPO) desta instalação, os direitos de cada um, como usá-los e como reclamar à ANPD (LGPD, art. 41, § 1º). Está ligada na tela de entrada. O contato é o que quem opera a instalação configurou; enquanto faltar, a página e a Visão geral dizem que falta.",
            "O registro das operações de tratamento (LGPD, art. 37; em inglês, ROPA) está em Conformidade → Registro das operações, como página, planilha e JSON: finalidade, base legal, categorias, prazo, proteção e quem recebe, de cada tabela. Vem da mesma descrição que o banco é obrigado a seguir. Não se confunde com a trilha, que registra atos.",
            "Conformidade → Visão geral junta o que espera, o que vence e as verificações, e calcula uma autoavaliação a partir disso. Não é um certificado.",
        ],
        places: &[
            ("Encarregado (público)", "/encarregado"),
            ("Conformidade → Registro das operações", "/conformidade/registro"),
            ("Conformidade → Visão geral", "/conformidade"),
        ],
        tables: &[],
    },
    Chapter {
        title: "14. Para onde vão os dados",
        step: None,
        what: &[
            "Com o motor local, nada sai da instalação. Com um modelo externo, vão a ele o texto já desidentificado e, se ele lê imagens, as imagens; se o servidor dele está fora do Brasil, é uma transferência internacional (LGPD, art. 33), e o Registro das operações diz isso com o nome do servidor. Qual modelo está em uso aparece em IA: governança.",
            "O PubMed recebe títulos e autores das referências citadas, nunca dados de pacientes. O provedor de identidade, se houver, fica sabendo que a pessoa entrou. Mais ninguém recebe nada.",
            "O Sigilo roda no servidor de quem o instalou: não há uma empresa no meio que guarde os dados.",
        ],
        places: &[
            ("Conformidade → Registro das operações", "/conformidade/registro"),
            ("IA: governança", "/governanca-ia"),
        ],
        tables: &["explainability_logs"],
    },
];
